// The page's side of training: what is asked for, and the runs that lie in the data folder. Rows of the application's
// contract (application-jobs.ts).
import { z } from 'zod';
import { schemaOf } from './controls.ts';
import { problemSchema } from './problem.ts';
import { recipeSchema, trainingOutlookSchema } from './jobs.ts';
import { modelIdSchema } from './manifest.ts';
import { errorRecordSchema } from './error-record.ts';
import { dataChoiceSchema } from './references.ts';
import { groupNameSchema, providerChoiceSchema } from './settings.ts';
import { roundFiguresSchema, runResultSchema, type RoundsConfig } from './training.ts';
import { changeableFields } from './training-config.ts';
import { defaultValidationShare } from './training-defaults.ts';

const pageRecipeSchema = recipeSchema(modelIdSchema);

const trainingChoiceSchema = z.object({
  training: dataChoiceSchema,
  /** Null: a share of the training images, divided by lesions. */
  validation: dataChoiceSchema.nullable(),
  validationShare: z.number().gt(0).lt(1).default(defaultValidationShare),
  limit: z.int().min(1).nullable().default(null),
  allowMissingClasses: z.boolean().default(false),
});

export const outlookRequestSchema = z.object({ recipe: pageRecipeSchema, data: trainingChoiceSchema });
export type OutlookRequest = z.input<typeof outlookRequestSchema>;

/** What the page is told before a training starts. */
export const outlookSchema = trainingOutlookSchema.extend({
  /** All rounds, by the pace of an earlier run of the same kind; null where there is none. */
  time: z.object({ seconds: z.number(), run: modelIdSchema }).nullable(),
});
export type Outlook = z.infer<typeof outlookSchema>;

export const trainRequestSchema = outlookRequestSchema.extend({
  /** Id of the finished model, and of the run. */
  out: modelIdSchema,
  provider: providerChoiceSchema.default('auto'),
});
export type TrainRequest = z.input<typeof trainRequestSchema>;

/** What may be another when a run goes on; what is absent stays. */
export type RunChanges = Partial<Pick<RoundsConfig, 'rounds' | 'learningRate' | 'clip' | 'patience'>>;
// The same fields by the table, which the type checker cannot follow through the loop; a test compares.
export const runChangesSchema = z.strictObject(
  Object.fromEntries(changeableFields().map(({ path, control }) => [path, schemaOf(control).optional()])),
) as unknown as z.ZodType<RunChanges, RunChanges>;

/** A run in the data folder. */
export const runSummarySchema = z.object({
  /** Of its folder; by default the id of its model. */
  id: modelIdSchema,
  kind: z.enum(['prefinetune', 'finetune', 'scratch']),
  /** Id of the starting model; null: none. */
  model: z.string().nullable(),
  /** Null where nothing is combined. */
  method: z.string().nullable(),
  group: groupNameSchema.nullable(),
  /**
   * Begun: no round is finished. Stopped: at a checkpoint, from which it can go on. Finished: its model was installed.
   * A run that is at work is begun or stopped here, too: its job says more.
   */
  state: z.enum(['begun', 'stopped', 'finished']),
  /** Finished rounds, and all of them. */
  round: z.int(),
  rounds: z.int(),
  best: z.object({ round: z.int(), balancedAccuracy: z.number() }).nullable(),
  /** When something was last written, ISO 8601. */
  changed: z.string(),
  /** Whether its folder says what it was asked for, so that it can be resumed here. */
  resumable: z.boolean(),
});
export type RunSummary = z.infer<typeof runSummarySchema>;

const sideSchema = z.object({ images: z.int(), byClass: z.record(z.string(), z.int()) });

/** What a run used. */
export const runDataSchema = z.object({
  lesionsKnown: z.boolean(),
  training: sideSchema,
  validation: sideSchema,
  problems: z.array(problemSchema),
  skipped: z.array(z.object({ id: z.string(), error: errorRecordSchema })),
});

/** A run with everything that is known of it. */
export const runDetailsSchema = runSummarySchema.extend({
  /** Of the latest start. */
  recipe: recipeSchema(z.string()),
  /** Names of the folders that it learns from and is validated on; null: a share of the former. */
  folders: z.object({ training: z.string(), validation: z.string().nullable() }).nullable(),
  /** Round 0 first. */
  figures: z.array(roundFiguresSchema),
  /** What was used; null before the first step. */
  data: runDataSchema.nullable(),
  result: runResultSchema.nullable(),
});
export type RunDetails = z.infer<typeof runDetailsSchema>;

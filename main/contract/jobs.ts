// The contract of the job process: work that takes minutes or hours - evaluation, training - and the look at a
// labelled set before it. One table, as the engine's; the page never sees it (application-jobs.ts is its side).
import { z } from 'zod';
import { countedProblemSchema, datasetSourceSchema, datasetSummarySchema } from './dataset.ts';
import { evaluationSchema, turnedSchema } from './evaluation.ts';
import type { ContractApi } from './operations.ts';
import {
  groupNameSchema,
  headSchema,
  inverseSchema,
  levelSchema,
  methodSchema,
  scorerSchema,
  scoreSchema,
  providerChoiceSchema,
} from './settings.ts';
import { trainingEventSchema } from './training-events.ts';
import { configSchemas } from './training.ts';

// --------------------------------------------------------------------------------------------------- evaluation

/** What is compared; an empty list leaves the choice to the defaults of the method. */
export const evaluationChoicesSchema = z.object({
  groups: z.array(groupNameSchema).min(1),
  methods: z.array(methodSchema),
  levels: z.array(levelSchema).default([]),
  inverses: z.array(inverseSchema).default([]),
  heads: z.array(headSchema).default([]),
  scorers: z.array(scorerSchema).default([]),
  scores: z.array(scoreSchema).default([]),
});

/** How the images are shown, and how sure the figures have to be. */
export const evaluationOptionsSchema = z.object({
  turned: turnedSchema.default('all'),
  /** Also turned freely, in steps of so many degrees; null: not. */
  angleStep: z.number().min(1).max(180).nullable().default(null),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1),
  /** Images whose pixels are really turned, as a check. */
  checkedImages: z.int().min(0).max(1_000_000).default(16),
  /** Only the first images of the set; null: all. */
  limit: z.int().min(1).max(10_000_000).nullable().default(null),
  resamples: z.int().min(1).max(1_000_000).default(2000),
});

/** Everything that an evaluation is asked for; kept while it is unfinished, so that it can be resumed without being asked again. */
export const evaluateTaskSchema = z.object({
  models: z.array(z.string()).min(1).max(32),
  provider: providerChoiceSchema.default('auto'),
  source: datasetSourceSchema,
  choices: evaluationChoicesSchema,
  options: evaluationOptionsSchema,
});
export type EvaluateTask = z.output<typeof evaluateTaskSchema>;

const evaluateInputSchema = evaluateTaskSchema.extend({
  /** A file that says what was asked for until everything is done. Beside it lies what was measured. */
  request: z.string(),
  /** A folder that does not exist yet: the result, and what stands in no report. */
  folder: z.string(),
});

/** How far a job is. */
export const jobProgressSchema = z.object({
  stage: z.enum(['opening', 'measuring', 'statistics', 'writing']),
  /** The model or file at hand. */
  detail: z.string().nullable(),
  done: z.int(),
  total: z.int(),
  /** Of this stage; null while nothing can be said. */
  secondsLeft: z.number().nullable(),
});
export type JobProgress = z.infer<typeof jobProgressSchema>;

// ----------------------------------------------------------------------------------------------------- training

/**
 * What is trained, how, from what. A new kind is a line here and a line in main/jobs/train.ts.
 * @param model of the id (or folder) of a starting model
 */
export function recipeSchema<Model extends z.ZodType<string>>(model: Model) {
  return z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('prefinetune'), config: configSchemas.prefinetune, model }),
    z.object({ kind: z.literal('finetune'), config: configSchemas.finetune, model }),
    z.object({ kind: z.literal('scratch'), config: configSchemas.scratch }),
  ]);
}
const pathRecipeSchema = recipeSchema(z.string());
export type Recipe = z.infer<typeof pathRecipeSchema>;

const trainingDataSchema = z.object({
  training: datasetSourceSchema,
  /** Null: a share of the training images, divided by lesions. */
  validation: datasetSourceSchema.nullable(),
  validationShare: z.number().gt(0).lt(1),
  limit: z.int().min(1).nullable(),
  allowMissingClasses: z.boolean(),
});

/** Everything that a training is asked for; its run folder keeps it, so that it can be resumed without being asked again. */
export const trainTaskSchema = z.object({
  recipe: pathRecipeSchema,
  data: trainingDataSchema,
  provider: providerChoiceSchema.default('auto'),
  /** Id of the finished model. */
  out: z.string(),
});
export type TrainTask = z.output<typeof trainTaskSchema>;

/** What a training would find and take, before it starts. */
export const trainingOutlookSchema = z.object({
  classes: z.array(z.string()),
  /** Images by class. */
  training: z.array(z.int()),
  validation: z.array(z.int()),
  /** Codes of classes that no training image shows. */
  missing: z.array(z.string()),
  lesionsKnown: z.boolean(),
  problems: z.array(countedProblemSchema),
  /** Bytes: at most so many for what is kept of the images, about so many for the run and its model, free. */
  disk: z.object({ cache: z.number(), run: z.number(), free: z.number() }),
});
export type TrainingOutlook = z.infer<typeof trainingOutlookSchema>;

// ---------------------------------------------------------------------------------------------------- the table

export const jobsContract = {
  /** Opens a labelled set and says what is in it. Reads names and tables, no pixels. */
  openDataset: {
    input: z.object({ source: datasetSourceSchema }),
    event: z.never(),
    output: datasetSummarySchema,
  },
  /** Measures models on a labelled set and writes the result into its folder. */
  evaluate: {
    input: evaluateInputSchema,
    event: jobProgressSchema,
    output: z.object({ evaluation: evaluationSchema, failedImages: z.int() }),
  },
  /** Opens and divides the data of a training and says what is in them, and what the training would take. No pixels. */
  outlook: {
    input: z.object({ recipe: pathRecipeSchema, data: trainingDataSchema }),
    event: z.never(),
    output: trainingOutlookSchema,
  },
  /** Trains and installs a model. What is checkpointed stays, however it ends. */
  train: {
    input: z.object({
      task: trainTaskSchema,
      /** Folder of the run: checkpoints, figures, what was asked for. */
      run: z.string(),
      /** Goes on with the run in that folder, if it was begun. */
      resume: z.boolean(),
      /** Orbit cache (a file) or decoded pictures (a folder); null: the one in the folder for application data. */
      cache: z.string().nullable().default(null),
    }),
    event: trainingEventSchema,
    output: z.object({ model: z.string() }),
  },
} as const;

export type JobOperation = keyof typeof jobsContract;
export type JobInput<Name extends JobOperation> = z.input<(typeof jobsContract)[Name]['input']>;
export type JobOutput<Name extends JobOperation> = z.infer<(typeof jobsContract)[Name]['output']>;
export type JobEvent<Name extends JobOperation> = z.infer<(typeof jobsContract)[Name]['event']>;
export type JobsApi = ContractApi<typeof jobsContract>;

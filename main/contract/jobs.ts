// The contract of the job process: work that takes minutes or hours - evaluation, training - and the look at a
// labelled set before it. One table, as the engine's; the page never sees it (application-jobs.ts is its side).
import { z } from 'zod';
import { evaluationSchema, problemSchema, turnedSchema } from './evaluation-schema.ts';
import type { ContractApi } from './process.ts';
import {
  groupNameSchema,
  headSchema,
  inverseSchema,
  levelSchema,
  methodSchema,
  providerChoiceSchema,
} from './settings.ts';
import { prefinetuneConfigSchema, type TrainingEvent } from './training.ts';

// ------------------------------------------------------------------------------------------------ labelled sets

/** Where a labelled set lies: absolute paths, null where not given. */
export const datasetSourceSchema = z.object({
  images: z.string().min(1),
  labels: z.string().min(1).nullable(),
  lesions: z.string().min(1).nullable(),
});

/** What was found in a labelled set, before anything starts. */
export const datasetSummarySchema = z.object({
  /** Id of the format, and its name as people know it. */
  format: z.string(),
  title: z.string(),
  images: z.int(),
  classes: z.array(z.object({ code: z.string(), name: z.string(), images: z.int() })),
  /** Lesions that the images show; images whose lesion is unknown count as one each. */
  lesions: z.int(),
  /** Images whose lesion is known. */
  lesionsKnown: z.int(),
  /** With at most `shownSubjects` subjects each; `count` says how many there are. */
  problems: z.array(z.object({ problem: problemSchema, count: z.int() })),
});
export type DatasetSummary = z.infer<typeof datasetSummarySchema>;

/** Subjects of a problem that travel to the page. */
export const shownSubjects = 200;

// --------------------------------------------------------------------------------------------------- evaluation

/** What is compared; an empty list leaves the choice to the defaults of the method. */
export const evaluationChoicesSchema = z.object({
  groups: z.array(groupNameSchema).min(1),
  methods: z.array(methodSchema),
  levels: z.array(levelSchema).default([]),
  inverses: z.array(inverseSchema).default([]),
  heads: z.array(headSchema).default([]),
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

const evaluateInputSchema = z.object({
  models: z.array(z.string()).min(1).max(32),
  provider: providerChoiceSchema.default('auto'),
  source: datasetSourceSchema,
  choices: evaluationChoicesSchema,
  options: evaluationOptionsSchema,
  /** Where what was measured is kept until everything is done, so that an interrupted run goes on from there. */
  journals: z.string(),
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

const trainCommon = {
  /** Id of the finished model. */
  out: z.string(),
  data: z.object({
    training: datasetSourceSchema,
    validation: datasetSourceSchema.nullable(),
    validationShare: z.number().gt(0).lt(1),
    limit: z.int().min(1).nullable(),
    allowMissingClasses: z.boolean(),
  }),
  provider: providerChoiceSchema.default('auto'),
  /** Folder of the run: checkpoints, figures, the log. */
  run: z.string(),
  resume: z.boolean(),
} as const;

/** Each kind of training with its configuration; a new kind is a line here and a line in main/jobs/train.ts. */
export const trainInputSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('prefinetune'),
    config: prefinetuneConfigSchema,
    model: z.string(),
    ...trainCommon,
  }),
]);
export type TrainKind = z.infer<typeof trainInputSchema>['kind'];

/** Made by our own code in the job process; its shape is that of the type, and only its kind is checked here. */
export const trainingEventSchema = z.custom<TrainingEvent>(
  (value) => typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string',
);

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
  /** Trains and installs a model. What is checkpointed stays, however it ends. */
  train: {
    input: trainInputSchema,
    event: trainingEventSchema,
    output: z.object({ model: z.string() }),
  },
} as const;

export type JobOperation = keyof typeof jobsContract;
export type JobInput<Name extends JobOperation> = z.input<(typeof jobsContract)[Name]['input']>;
export type JobOutput<Name extends JobOperation> = z.infer<(typeof jobsContract)[Name]['output']>;
export type JobEvent<Name extends JobOperation> = z.infer<(typeof jobsContract)[Name]['event']>;
export type JobsApi = ContractApi<typeof jobsContract>;

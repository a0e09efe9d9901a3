// The page's side of long jobs: choosing labelled data, evaluations, training. Rows of the application's contract
// (application.ts). Data are named by opaque ids, as everywhere; evaluations by the name of their folder.
import { z } from 'zod';
import { cacheNameSchema, cacheSummarySchema } from './caches.ts';
import { evaluatedImageSchema, imageSelectionSchema } from './evaluated-images.ts';
import { evaluationSchema, turnedSchema } from './evaluation.ts';
import { trainingEventSchema } from './training-events.ts';
import { datasetSummarySchema } from './dataset.ts';
import { evaluationChoicesSchema, evaluationOptionsSchema, jobProgressSchema } from './jobs.ts';
import { modelIdSchema } from './manifest.ts';
import { errorRecordSchema } from './error-record.ts';
import { dataChoiceSchema, dataReferenceSchema, exportResultSchema, imageIdSchema } from './references.ts';
import { providerChoiceSchema } from './settings.ts';
import {
  outlookRequestSchema,
  outlookSchema,
  runChangesSchema,
  runDetailsSchema,
  runSummarySchema,
  trainRequestSchema,
} from './training-runs.ts';

export type { DataChoice, DataReference } from './references.ts';

const empty = z.object({});

// --------------------------------------------------------------------------------------------------------- data

/** What lies directly in a folder: other folders, and tables. */
export const dataFolderSchema = z.object({
  folders: z.array(dataReferenceSchema),
  tables: z.array(dataReferenceSchema),
});
export type DataFolder = z.infer<typeof dataFolderSchema>;

// --------------------------------------------------------------------------------------------------------- jobs

/** A job of this session, running or ended. */
export const jobSchema = z.object({
  id: imageIdSchema,
  kind: z.enum(['evaluate', 'train']),
  /** In a few words: what of what. */
  title: z.string(),
  /** Of a training its run, of an evaluation its request: by these it is found again in another session. */
  runId: modelIdSchema,
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  /** ISO 8601. */
  started: z.string(),
  ended: z.string().nullable(),
  /** Of an evaluation; what a training says is `trainingLog`. */
  progress: jobProgressSchema.nullable(),
  error: errorRecordSchema.nullable(),
  /** What came out: the id of the evaluation, or of the trained model. */
  result: z.string().nullable(),
});
export type Job = z.infer<typeof jobSchema>;

const jobIdSchema = z.object({ job: imageIdSchema });

const evaluateRequestSchema = z.object({
  data: dataChoiceSchema,
  models: z.array(modelIdSchema).min(1).max(32),
  provider: providerChoiceSchema.default('auto'),
  choices: evaluationChoicesSchema,
  options: evaluationOptionsSchema.prefault({}),
});
export type EvaluateRequest = z.input<typeof evaluateRequestSchema>;

// -------------------------------------------------------------------------------------------------- evaluations

/** The folder of a finished evaluation: time and a random end. */
export const evaluationIdSchema = z.string().regex(/^\d{8}-\d{6}-[a-z0-9]{6}$/);

/** A finished evaluation as lists show it. */
export const evaluationSummarySchema = z.object({
  id: evaluationIdSchema,
  /** ISO 8601. */
  made: z.string(),
  /** Name of the folder of images, and the format it was read as. */
  dataset: z.string(),
  format: z.string(),
  models: z.array(z.object({ id: z.string(), name: z.string(), images: z.int(), rows: z.int() })),
  turned: turnedSchema,
});
export type EvaluationSummary = z.infer<typeof evaluationSummarySchema>;

/** An evaluation that an earlier session began and did not finish. What was measured is kept. */
export const interruptedEvaluationSchema = z.object({
  id: evaluationIdSchema,
  /** ISO 8601. */
  asked: z.string(),
  /** In a few words: what of what, as the job was called. */
  title: z.string(),
  turned: turnedSchema,
});
export type InterruptedEvaluation = z.infer<typeof interruptedEvaluationSchema>;

const interruptedRequest = z.object({ request: evaluationIdSchema });
const evaluationRequest = z.object({ evaluation: evaluationIdSchema });
/** Names files of the evaluation: a plain name, never a path. */
const rowIdSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,127}$/);

/** What can be made of an evaluation; `predictions` is the table of one row for the official scorer. */
export const evaluationExportSchema = z.discriminatedUnion('format', [
  z.object({ format: z.literal('report') }),
  z.object({ format: z.literal('json') }),
  z.object({ format: z.literal('predictions'), model: modelIdSchema, row: rowIdSchema }),
]);

const runRequest = z.object({ run: modelIdSchema });

/** Requests of the page; spread into the application's table. */
export const jobRequests = {
  /** Folders that the host was started with (`--data`). Empty in the window, which has dialogs. */
  dataRoots: { input: empty, event: z.never(), output: z.array(dataReferenceSchema) },
  /** Opens a dialog for a folder or a table (needs `session.dialogs`); null if dismissed. */
  chooseData: {
    input: z.object({ kind: z.enum(['folder', 'table']) }),
    event: z.never(),
    output: dataReferenceSchema.nullable(),
  },
  /** What lies directly in a folder that the page may name. */
  dataFolder: { input: z.object({ id: imageIdSchema }), event: z.never(), output: dataFolderSchema },
  /** A new, empty folder that the browser uploads a labelled folder into. */
  newDataFolder: {
    input: z.object({ name: z.string().max(200) }),
    event: z.never(),
    output: dataReferenceSchema,
  },
  /** What is in a labelled set, before anything starts. */
  openDataset: {
    input: z.object({ data: dataChoiceSchema }),
    event: z.never(),
    output: datasetSummarySchema,
  },

  /** Jobs of this session, the latest first. A job goes on when its page goes away. */
  jobs: { input: empty, event: z.never(), output: z.array(jobSchema) },
  /** Starts an evaluation; JOB_RUNNING while another job runs. How it goes on is told by `job` notices. */
  startEvaluation: { input: evaluateRequestSchema, event: z.never(), output: jobSchema },
  /** Evaluations of earlier sessions that were not finished, the latest first. */
  interruptedEvaluations: { input: empty, event: z.never(), output: z.array(interruptedEvaluationSchema) },
  /** Goes on with one; DATASET_NOT_FOUND if its images are gone, as uploads are with their session. */
  resumeEvaluation: { input: interruptedRequest, event: z.never(), output: jobSchema },
  /** Removes one and what was measured for it; JOB_RUNNING while it is at work. */
  discardEvaluation: { input: interruptedRequest, event: z.never(), output: empty },
  /** What a training would find in its data, and what it would take. */
  outlook: { input: outlookRequestSchema, event: z.never(), output: outlookSchema },
  /** Starts a training, alike; what it says comes as `trainingEvent` notices. */
  startTraining: { input: trainRequestSchema, event: z.never(), output: jobSchema },
  /** Ends a job. What was measured or checkpointed stays. */
  cancelJob: { input: jobIdSchema, event: z.never(), output: empty },
  /** Starts a job that failed or was cancelled again, to go on where it ended. */
  resumeJob: { input: jobIdSchema, event: z.never(), output: jobSchema },
  /** What a training said so far; of events that replace one another (steps, reading, cache) the latest. */
  trainingLog: { input: jobIdSchema, event: z.never(), output: z.array(trainingEventSchema) },

  /** Runs of training in the data folder, the latest first. */
  trainingRuns: { input: empty, event: z.never(), output: z.array(runSummarySchema) },
  trainingRun: { input: runRequest, event: z.never(), output: runDetailsSchema },
  /** Goes on with a run, after its last finished round. */
  resumeTraining: {
    input: runRequest.extend({ changes: runChangesSchema.default({}) }),
    event: z.never(),
    output: jobSchema,
  },
  /** Removes a run and its checkpoint; JOB_RUNNING while it is at work. Its model and what is cached stay. */
  removeRun: { input: runRequest, event: z.never(), output: empty },

  /** What trainings have computed of images and keep for later ones, the largest first. */
  caches: { input: empty, event: z.never(), output: z.array(cacheSummarySchema) },
  /** Removes a cache; JOB_RUNNING while any job runs, CACHE_IN_USE while the command line works with it. */
  removeCache: { input: z.object({ cache: cacheNameSchema }), event: z.never(), output: empty },

  /** Finished evaluations, the latest first. */
  evaluations: { input: empty, event: z.never(), output: z.array(evaluationSummarySchema) },
  evaluation: { input: evaluationRequest, event: z.never(), output: evaluationSchema },
  removeEvaluation: { input: evaluationRequest, event: z.never(), output: empty },
  /** The images behind a figure of one row, the worst first. */
  evaluatedImages: {
    input: evaluationRequest.extend({
      model: modelIdSchema,
      row: rowIdSchema,
      selection: imageSelectionSchema,
      limit: z.int().min(1).max(2000).default(200),
    }),
    event: z.never(),
    output: z.object({ total: z.int(), images: z.array(evaluatedImageSchema) }),
  },
  exportEvaluation: {
    input: evaluationRequest.extend({ as: evaluationExportSchema }),
    event: z.never(),
    output: exportResultSchema,
  },
} as const;

/** What the main side tells every page of jobs; spread into the application's notices. */
export const jobNoticeSchemas = [
  /** A job began, went on or ended. */
  z.object({ kind: z.literal('job'), job: jobSchema }),
  z.object({ kind: z.literal('trainingEvent'), job: imageIdSchema, event: trainingEventSchema }),
  /** An evaluation was finished, removed or discarded: ask for `evaluations` and `interruptedEvaluations` again. */
  z.object({ kind: z.literal('evaluationsChanged') }),
  /** A run was removed: ask for `trainingRuns` again. */
  z.object({ kind: z.literal('runsChanged') }),
  /** A cache was removed: ask for `caches` again. */
  z.object({ kind: z.literal('cachesChanged') }),
] as const;

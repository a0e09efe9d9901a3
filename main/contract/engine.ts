// The engine's contract: what can be asked of it, what it streams while it works, what it answers. One table;
// the in-process engine, the engine process and its client all derive from it. Schemas run on both sides.
import { z } from 'zod';
import { activationSchema } from './backbone.ts';
import { priorChoiceSchema } from './calibration.ts';
import { modelDetailsSchema, modelSummarySchema, verificationSchema } from './manifest.ts';
import type { ContractApi } from './operations.ts';
import { presetSchema } from './pictures.ts';
import { errorRecordSchema } from './error-record.ts';
import { classificationSchema, evidenceSchema, failureSchema } from './record.ts';
import {
  groupNameSchema,
  headSchema,
  inverseSchema,
  levelSchema,
  methodSchema,
  providerChoiceSchema,
  providerSchema,
  scorerSchema,
  scoreSchema,
} from './settings.ts';

const empty = z.object({});

/** Settings as chosen: what is absent is decided from the model and the method. */
export const settingsChoiceSchema = z.object({
  group: groupNameSchema.optional(),
  method: methodSchema.optional(),
  level: levelSchema.optional(),
  inverse: inverseSchema.optional(),
  head: headSchema.optional(),
  prior: priorChoiceSchema.optional(),
  scorer: scorerSchema.optional(),
  score: scoreSchema.optional(),
});

/** Which model, on which provider, with which settings. */
export const requestBaseSchema = z.object({
  /** A model id, or the folder of a model package. */
  model: z.string().optional(),
  provider: providerChoiceSchema.optional(),
  settings: settingsChoiceSchema.optional(),
});
export type RequestBase = z.infer<typeof requestBaseSchema>;

/** What another method would say of the same image. */
const alternativeSchema = z.object({
  method: methodSchema,
  probabilities: z.record(z.string(), z.number()).nullable(),
  malignant: z.number().nullable(),
  /** Why there is no result: the model lacks the method's weights. */
  error: errorRecordSchema.nullable(),
});

/** One image in depth: the record, its evidence map if the settings have one, and every other method's answer. */
export const inspectionSchema = z.object({
  record: classificationSchema,
  evidence: evidenceSchema.nullable(),
  /** Why there is no evidence map, if there is none. */
  evidenceError: errorRecordSchema.nullable(),
  alternatives: z.array(alternativeSchema),
});
export type Inspection = z.infer<typeof inspectionSchema>;

const answerSchema = z.object({
  probabilities: z.record(z.string(), z.number()),
  malignant: z.number().nullable(),
});

/** Both models' answers at one angle of the turn test. */
export const turnTestPointSchema = z.object({
  /** Degrees, counter-clockwise. */
  angle: z.number(),
  plain: answerSchema,
  equivariant: answerSchema,
});
export type TurnTestPoint = z.infer<typeof turnTestPointSchema>;

const triple = z.tuple([z.number(), z.number(), z.number()]);
const positive = z.number().positive();
const positiveTriple = z.tuple([positive, positive, positive]);

export const importRequestSchema = z.object({
  /** A file, or a folder as model hubs lay it out. */
  checkpoint: z.string(),
  /** A configuration that counts instead of the one beside the checkpoint. */
  config: z.string().optional(),
  /** Counts instead of what any file says. */
  activation: activationSchema.optional(),
  /** Of a network that comes as a graph: the value to divide it at, and the output that is its answer. */
  cut: z.string().optional(),
  output: z.string().optional(),
  /** What the numbers of its pictures are, and their side in pixels. */
  preset: presetSchema.optional(),
  mean: triple.optional(),
  std: positiveTriple.optional(),
  size: z.int().positive().optional(),
  id: z.string(),
  name: z.string().optional(),
  classes: z.array(z.string()).optional(),
  /** NAME=CODE,...: which classes are which of the seven; the others keep their names. */
  map: z.string().optional(),
  classEmbeddings: z.string().optional(),
  prompts: z.string().optional(),
  combiners: z.string().optional(),
  normalize: z.boolean().optional(),
  scale: z.number().positive().optional(),
  /** A MODEL_CARD.md to carry into the package. */
  card: z.string().optional(),
  /** A JSON file with what is to be said about the model: name, description, license, metrics. */
  about: z.string().optional(),
});
export type ImportRequest = z.infer<typeof importRequestSchema>;

/** Work done, as a share of 1, what is being done, and now and then what a person should know when it is done. */
export const progressSchema = z.object({
  stage: z.string(),
  fraction: z.number().min(0).max(1),
  note: z.string().optional(),
});
export type Progress = z.infer<typeof progressSchema>;

/** A provider on this computer. */
export const providerStatusSchema = z.object({
  provider: providerSchema,
  usable: z.boolean(),
  /** Why not, if not. */
  reason: z.string().nullable(),
  /** Median milliseconds of one c4 prediction (tower, pool and combiner) with the model asked for. */
  milliseconds: z.number().nullable(),
});
export type ProviderStatus = z.infer<typeof providerStatusSchema>;

/** A record, and the place of its file in the request. */
export const classifiedSchema = z.object({
  index: z.int(),
  record: z.union([failureSchema, classificationSchema]),
});
export type Classified = z.infer<typeof classifiedSchema>;

/** Every operation of the engine: what goes in, what is streamed meanwhile, what comes out. */
export const engineContract = {
  models: { input: empty, event: z.never(), output: z.array(modelSummarySchema) },
  model: { input: z.object({ id: z.string() }), event: z.never(), output: modelDetailsSchema },
  verifyModel: { input: z.object({ id: z.string() }), event: z.never(), output: verificationSchema },
  removeModel: { input: z.object({ id: z.string() }), event: z.never(), output: empty },
  importModel: { input: importRequestSchema, event: progressSchema, output: modelSummarySchema },
  providers: {
    input: z.object({ model: z.string().optional() }),
    event: z.never(),
    output: z.array(providerStatusSchema),
  },
  /** Events arrive in the order of `paths`; a failed file is an event too, never the end of the rest. */
  classify: {
    input: requestBaseSchema.extend({ paths: z.array(z.string()) }),
    event: classifiedSchema,
    output: z.object({ classified: z.int(), failed: z.int() }),
  },
  /** Orbit features of recent images are kept, so that a change of settings costs only the cheap part. */
  inspect: {
    input: requestBaseSchema.extend({ path: z.string() }),
    event: z.never(),
    output: inspectionSchema,
  },
  turnTest: {
    input: requestBaseSchema.extend({ path: z.string(), step: z.number().min(1).max(90) }),
    event: turnTestPointSchema,
    output: z.object({ points: z.int() }),
  },
} as const;

export type EngineOperation = keyof typeof engineContract;
export type EngineInput<Name extends EngineOperation> = z.input<(typeof engineContract)[Name]['input']>;
export type EngineEvent<Name extends EngineOperation> = z.infer<(typeof engineContract)[Name]['event']>;
export type EngineOutput<Name extends EngineOperation> = z.infer<(typeof engineContract)[Name]['output']>;

/** How every engine is called, in this process or another. Aborting ends the work within one image (CANCELLED). */
export type EngineApi = ContractApi<typeof engineContract>;

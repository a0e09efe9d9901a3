// The names a prediction is described with, as schemas: groups, methods, levels, heads, providers, classes.
// Definitions of the terms: docs/METHODS.md.
import { z } from 'zod';
import { priorChoiceSchema } from './calibration.ts';
import { groupNames } from '../groups/groups.ts';

export const groupNameSchema = z.enum(groupNames);

export const methodSchema = z.enum([
  'vanilla',
  'tta',
  'equitune',
  'equizero',
  'lambda',
  'attention',
  'canonical',
]);
export type Method = z.infer<typeof methodSchema>;

export const levelSchema = z.enum(['feature', 'embedding']);
export type Level = z.infer<typeof levelSchema>;

export const inverseSchema = z.enum(['on', 'off']);
export type Inverse = z.infer<typeof inverseSchema>;

export const headSchema = z.enum(['plain', 'orbit']);
export type Head = z.infer<typeof headSchema>;

/** What the scorer of `canonical` looks at: the map of a view, or a small picture of it before the tower runs. */
export const scorerSchema = z.enum(['feature', 'image']);
export type Scorer = z.infer<typeof scorerSchema>;

/** What `equizero` chooses its orientation by. */
export const scoreSchema = z.enum(['probability', 'entropy', 'energy', 'distance']);
export type Score = z.infer<typeof scoreSchema>;

/**
 * The networks that a model may bring: `lambdaEmbedding` is lambda's at embedding level, `canonical` and
 * `canonicalImage` are the scorers of `canonical`, `distance` is the distance of an embedding to the class means.
 */
export const combinerSchema = z.enum([
  'lambda',
  'attention',
  'lambdaEmbedding',
  'canonical',
  'canonicalImage',
  'distance',
]);
export type CombinerName = z.infer<typeof combinerSchema>;

/** Execution providers of onnxruntime that the product knows. */
export const providerSchema = z.enum(['cuda', 'tensorrt', 'dml', 'webgpu', 'coreml', 'cpu']);
export type Provider = z.infer<typeof providerSchema>;

/** A provider, or `auto`: the platform's providers in order, down to cpu. */
export const providerChoiceSchema = z.enum(['auto', ...providerSchema.options]);
export type ProviderChoice = z.infer<typeof providerChoiceSchema>;

/** How one prediction is made: every field decided, nothing left to a default. */
export const settingsSchema = z.strictObject({
  group: groupNameSchema,
  method: methodSchema,
  level: levelSchema,
  inverse: inverseSchema,
  head: headSchema,
  /** Of canonical alone. */
  scorer: scorerSchema.optional(),
  /** Of equizero at feature level alone; absent in what was written before there was a choice: probability. */
  score: scoreSchema.optional(),
  /** How common the classes are taken to be; absent: all alike, as far as the model is calibrated. */
  prior: priorChoiceSchema.optional(),
});
export type Settings = z.infer<typeof settingsSchema>;

/** Settings as a person gives them: what is absent is decided from the model and the method. */
export type SettingsChoice = { readonly [Field in keyof Settings]?: Settings[Field] | undefined };

/** The seven classes of ISIC 2018 Task 3, in the order used everywhere. */
export const isicClasses = ['MEL', 'NV', 'BCC', 'AKIEC', 'BKL', 'DF', 'VASC'] as const;

/** Plain words for the class codes that the product knows; other codes are shown as they are. */
export const classNames: Readonly<Record<string, string>> = {
  MEL: 'Melanoma',
  NV: 'Nevus',
  BCC: 'Basal cell carcinoma',
  AKIEC: 'Actinic keratosis / intraepithelial carcinoma',
  BKL: 'Benign keratosis',
  DF: 'Dermatofibroma',
  VASC: 'Vascular lesion',
};

/** Codes whose probabilities add up to `malignant`. AKIEC counts: it is (pre-)cancer that is treated as such. */
const malignantClasses: ReadonlySet<string> = new Set(['MEL', 'BCC', 'AKIEC']);

/** Whether a class is malignant, by its code in upper or lower case. */
export function isMalignant(code: string): boolean {
  return malignantClasses.has(code.toUpperCase());
}

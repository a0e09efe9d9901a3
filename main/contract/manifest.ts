// The manifest of a model package: everything the product needs to know about a model before it opens a graph.
// A package is one folder: manifest.json, the files it names, and nothing else that is read.
import { z } from 'zod';
import { calibrationSchema } from './calibration.ts';
import { headSchema, offeredEvidenceSchema, resizeSchema } from './backbone.ts';
import { withoutVersionOne } from './manifest-v1.ts';
import { combinerSchema } from './settings.ts';

/** A file of the package: a plain name inside the package folder, never a path. */
export const packageFileSchema = z.strictObject({
  path: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().nonnegative(),
});
export type PackageFile = z.infer<typeof packageFileSchema>;

const triple = z.tuple([z.number(), z.number(), z.number()]);
const dimension = z.int().min(1).max(65_536);

/** A figure of the model card, e.g. balanced accuracy 0.606 on 193 images; shown, never computed with. */
const metricSchema = z.strictObject({
  name: z.string(),
  value: z.number(),
  dataset: z.string(),
  images: z.int().positive(),
  note: z.string().optional(),
});

/** Names that Windows keeps for devices: no folder can have them there. */
const reservedNames = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])$/;

export const modelIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/)
  .refine((id) => !reservedNames.test(id), 'a name that Windows keeps for itself');

/** Version 2. What is read from a file goes through {@link readManifest}, which knows version 1 too. */
export const manifestSchema = z.strictObject({
  schema: z.literal(2),
  id: modelIdSchema,
  name: z.string().min(1).max(200),
  description: z.string().max(2000),
  license: z.string().max(200),
  /** ISO 8601; absent in packages that must be reproducible byte for byte. */
  created: z.string().optional(),
  /** Version of DermOrbit that wrote the package. */
  madeWith: z.string(),
  /** Class codes in the order of the columns of T. */
  classes: z
    .array(z.string().min(1).max(64))
    .min(2)
    .max(1000)
    .refine((codes) => new Set(codes).size === codes.length, 'class codes must be distinct'),
  /** Square input [3, size, size]: pixels / 255, minus mean, divided by std; how pictures become square. */
  input: z.strictObject({ size: dimension, mean: triple, std: triple, resize: resizeSchema }),
  /** The map that the image tower ends with: [channels, size, size]; null where it ends with an embedding only. */
  features: z.strictObject({ channels: dimension, size: z.int().min(1).max(64) }).nullable(),
  /** Length of what the tower gives beside the map, which is combined like it and never turned (a class token). */
  invariantPart: z.int().min(0).max(65_536),
  /** What makes an embedding of a map: decides how the package is run, and how its evidence is found. */
  head: headSchema,
  /** Width E of the embedding. */
  embedding: dimension,
  /** Logit rule: scale * (normalize ? e / |e| : e) T + b. */
  logits: z.strictObject({
    normalize: z.boolean(),
    scale: z.number().positive(),
    /** Logits of an orientation at embedding level: of the normalised embedding, or by the model's own rule. */
    embeddingLevel: z.enum(['normalized', 'own']).optional(),
  }),
  /** Pictures that the graphs take at a time, where their number could not be set free. */
  batch: z.literal(1).optional(),
  architecture: z.strictObject({
    /** Kind of backbone, as lists show it; nothing is decided by it. */
    backbone: z.string(),
    name: z.string(),
    /** Of the image tower and head. */
    parameters: z.int().positive(),
  }),
  /** What the files did not say and the importer took for granted, one sentence each. */
  assumed: z.array(z.string()).optional(),
  files: z.strictObject({
    imageTower: packageFileSchema,
    head: packageFileSchema,
    classEmbeddings: packageFileSchema,
    lambda: packageFileSchema.optional(),
    attention: packageFileSchema.optional(),
    lambdaEmbedding: packageFileSchema.optional(),
    canonical: packageFileSchema.optional(),
    canonicalImage: packageFileSchema.optional(),
    distance: packageFileSchema.optional(),
    textTower: packageFileSchema.optional(),
    card: packageFileSchema.optional(),
  }),
  /** The checkpoint that the package was made from. */
  /** How logits become probabilities; absent of models that were never calibrated. */
  calibration: calibrationSchema.optional(),
  source: z.strictObject({ file: z.string(), format: z.string(), sha256: z.string() }).optional(),
  metrics: z.array(metricSchema).optional(),
});
export type Manifest = z.infer<typeof manifestSchema>;
export type PackageFileRole = keyof Manifest['files'];

/** The map of a model; one of no channels where it has none, so that arrays of maps are empty. */
export const mapOf = ({ features }: Pick<Manifest, 'features'>) => features ?? { channels: 0, size: 1 };

/** With a calibration that has a number for every class. */
const fittingSchema = manifestSchema.superRefine(({ classes, calibration }, context) => {
  if (!calibration) return;
  const lists = [
    calibration.images,
    calibration.trainingShares,
    ...Object.values(calibration.methods).flatMap(({ bias, thresholds }) => [
      bias,
      ...Object.values(thresholds),
    ]),
  ];
  if (lists.every(({ length }) => length === classes.length)) return;
  const message = `its lists must have a number for each of the ${classes.length} classes`;
  context.addIssue({ code: 'custom', path: ['calibration'], message });
});

/** A manifest as it was written, of either version. */
export const readManifest = (json: unknown) => fittingSchema.safeParse(withoutVersionOne(json));

/** An installed model as lists show it. `sha256` is that of manifest.json, which pins every other file. */
export const modelSummarySchema = z.object({
  id: z.string(),
  name: z.string(),
  sha256: z.string(),
  bundled: z.boolean(),
  /** Bytes of the whole package. */
  bytes: z.number(),
  classes: z.array(z.string()),
  architecture: z.string(),
  /** Facts of the backbone, as its manifest has them, and the kind of evidence that its head gives. */
  backbone: z.string(),
  features: manifestSchema.shape.features,
  invariantPart: z.number(),
  head: z.string(),
  evidence: offeredEvidenceSchema,
  input: manifestSchema.shape.input,
  assumed: z.array(z.string()),
  inputSize: z.number(),
  /** Weight networks that the package brings. Which methods they make possible is decided in equivariance/settings. */
  combiners: z.array(combinerSchema),
});
export type ModelSummary = z.infer<typeof modelSummarySchema>;

/** One installed model in full: its manifest, its card (Markdown) and where it lies. */
export const modelDetailsSchema = modelSummarySchema.extend({
  folder: z.string(),
  manifest: manifestSchema,
  card: z.string().nullable(),
});
export type ModelDetails = z.infer<typeof modelDetailsSchema>;

/** Whether each file of a package has the bytes that its manifest promises. */
export const verificationSchema = z.object({
  id: z.string(),
  ok: z.boolean(),
  files: z.array(z.object({ path: z.string(), state: z.enum(['ok', 'changed', 'missing']) })),
});
export type Verification = z.infer<typeof verificationSchema>;

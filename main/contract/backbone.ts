// What a manifest says of the backbone of a model: which head it has, and what its pictures become. The heads are a
// union: each has the numbers that only it needs, and main/backbones has a row for each.
import { z } from 'zod';

const dimension = z.int().min(1).max(65_536);

/** Between the two layers of a transformer's perceptrons; gelu is the exact form. */
export const activationSchema = z.enum(['quickgelu', 'gelu', 'gelu_tanh']);
export type Activation = z.infer<typeof activationSchema>;

/** What the importer found out about the head of a classifier. */
const foundHead = {
  /** Name, in the file, of the value that the network was divided at. */
  cut: z.string().max(1000),
  /** Whether the head gives a turned map the answer of the map itself, so that one run answers for all turns. */
  blindToTurns: z.boolean(),
  /** Whether the logits are an affine function of the mean of the cells: they can be split over the cells exactly. */
  affine: z.boolean(),
};

export const headSchema = z.discriminatedUnion('kind', [
  /** CLIP ResNet: one query, the mean of the cells, over the cells with their positions. */
  z.strictObject({
    kind: z.literal('attention-pool'),
    /** Blocks of layer1 to layer4 of the tower, and its width: with these it can be trained further. */
    layers: z.tuple([dimension, dimension, dimension, dimension]),
    width: dimension,
    heads: dimension,
  }),
  /** Vision transformers with a class token: the last block, the final norm and the projection. */
  z.strictObject({ kind: z.literal('class-token'), activation: activationSchema }),
  /** SigLIP: a learned query over the cells. */
  z.strictObject({ kind: z.literal('map-pool'), activation: activationSchema }),
  /** Classifiers: the mean of the cells, then an affine layer or none. */
  z.strictObject({ kind: z.literal('mean-pool') }),
  /** A classifier whose answer depends on the mean of the cells alone, or on them as a set. */
  z.strictObject({ kind: z.literal('mean'), ...foundHead }),
  /** A classifier that sees where in the map a cell lies. */
  z.strictObject({ kind: z.literal('flatten'), ...foundHead }),
  /** A classifier over cells and tokens beside them. */
  z.strictObject({ kind: z.literal('tokens'), ...foundHead }),
  /** A network without a map: its embedding as it is. */
  z.strictObject({ kind: z.literal('embedding') }),
]);
export type HeadDescription = z.infer<typeof headSchema>;
export type HeadKind = HeadDescription['kind'];

/** How a picture becomes a square: its shorter side is resized and the middle cut out. */
export const resizeSchema = z.enum(['shortest-crop']);

/** exact: cells and a constant add up to the logit. leave-one-out: by how much it falls without the cell. */
export const evidenceKindSchema = z.enum(['exact', 'leave-one-out']);
export type EvidenceKind = z.infer<typeof evidenceKindSchema>;

/** What evidence a model can give at all; none without a map. */
export const offeredEvidenceSchema = z.enum([...evidenceKindSchema.options, 'none']);

// A CLIP ResNet with random weights of any size, for benchmarks and property tests: the right shapes, activations
// that neither die nor explode, and no download.
import { float32ToFloat16 } from '../../onnx/float16.ts';
import { expectedTensors, type TextArchitecture, type VisualArchitecture } from './architecture.ts';
import type { SafetensorsInput } from '../checkpoints/safetensors.ts';

type RandomTensors = Map<string, SafetensorsInput>;

/** CLIP RN50's image tower (Radford et al. 2021, table 19). */
export const rn50: VisualArchitecture = visualArchitecture({
  layers: [3, 4, 6, 3],
  width: 64,
  resolution: 224,
  embeddingWidth: 1024,
});

/** A visual architecture from the numbers that decide it. */
export function visualArchitecture(
  size: Pick<VisualArchitecture, 'layers' | 'width' | 'resolution' | 'embeddingWidth'>,
): VisualArchitecture {
  const featureChannels = size.width * 32;
  return { ...size, heads: featureChannels / 64, featureChannels, featureSize: size.resolution / 32 };
}

/** Draws from the standard normal distribution, reproducibly: a table of draws, walked by a linear congruence. */
export function normalSource(seed: number): () => number {
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const table = Float32Array.from(
    { length: 65_536 },
    () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  );
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return table[state >>> 16]!;
  };
}

/** Mean and spread of a tensor by the end of its name; the first that fits. Fan-in is the product of dims[1..]. */
const initialisers: readonly [RegExp, (dims: readonly number[]) => { mean: number; spread: number }][] = [
  [/running_mean$/, () => ({ mean: 0, spread: 0.1 })],
  [/running_var$/, () => ({ mean: 1, spread: 0 })],
  // The last norm of a residual branch is small, so that sums over many blocks stay bounded.
  [/bn3\.weight$/, () => ({ mean: 0.4, spread: 0.05 })],
  [/(bn\d|downsample\.1|ln_\w+)\.weight$/, () => ({ mean: 1, spread: 0.05 })],
  [/bias$/, () => ({ mean: 0, spread: 0.05 })],
  [/(positional_embedding|token_embedding\.weight)$/, (dims) => ({ mean: 0, spread: dims.at(-1)! ** -0.5 })],
  [/logit_scale$/, () => ({ mean: Math.log(100), spread: 0 })],
  [/text_projection$/, (dims) => ({ mean: 0, spread: dims[0]! ** -0.5 })],
  [/proj\w*(\.weight)?$|\.fc\d?\.weight$/, (dims) => ({ mean: 0, spread: fanIn(dims) ** -0.5 })],
  [/./, (dims) => ({ mean: 0, spread: Math.sqrt(2 / fanIn(dims)) })],
];

const fanIn = (dims: readonly number[]) => dims.slice(1).reduce((product, dim) => product * dim, 1);

function draw(shapes: Iterable<readonly [string, readonly number[]]>, seed: number): RandomTensors {
  const normal = normalSource(seed);
  const tensors: RandomTensors = new Map();
  for (const [name, dims] of shapes) {
    const [, initialise] = initialisers.find(([pattern]) => pattern.test(name))!;
    const { mean, spread } = initialise(dims);
    const values = new Float32Array(dims.reduce((product, dim) => product * dim, 1));
    for (let i = 0; i < values.length; i++) values[i] = mean + spread * normal();
    // As in published checkpoints: matrices in half precision, vectors in single.
    const half = dims.length > 1;
    tensors.set(
      name,
      half
        ? { dims, dtype: 'float16', data: float32ToFloat16(values) }
        : { dims, dtype: 'float32', data: values },
    );
  }
  return tensors;
}

/** Random weights of an image tower with its pool, and of a text tower if one is described. */
export function randomClip(
  visual: VisualArchitecture,
  seed: number,
  text: TextArchitecture | null = null,
): RandomTensors {
  return draw(expectedTensors(visual, text), seed);
}

/** Random class embeddings [E, K] whose logits are of the order of 1. */
export function randomClassEmbeddings(
  { embeddingWidth }: VisualArchitecture,
  classes: number,
  seed: number,
): RandomTensors {
  return draw([['class_embeddings', [embeddingWidth, classes]]], seed);
}

/** Random weight networks with the papers' sizes, and both scorers of canonical, for one image tower. */
export function randomCombiners(visual: VisualArchitecture, seed: number): RandomTensors {
  const flat = 32 * (visual.featureSize - 2) ** 2;
  const joined = visual.featureChannels * 8;
  const front = (prefix: string, part: string): [string, number[]][] => [
    [`${prefix}.per_channel_${part}preprocessing.0.weight`, [32, 1, 3, 3]],
    [`${prefix}.per_channel_${part}preprocessing.0.bias`, [32]],
    [`${prefix}.pre_${part}projection.0.weight`, [8, flat]],
    [`${prefix}.pre_${part}projection.0.bias`, [8]],
  ];
  const linear = (name: string, outputs: number, inputs: number): [string, number[]][] => [
    [`${name}.weight`, [outputs, inputs]],
    [`${name}.bias`, [outputs]],
  ];
  return draw(
    [
      ...front('lambda', ''),
      ...linear('lambda.main.0', 128, joined),
      ...linear('lambda.main.2', 128, 128),
      ...linear('lambda.main.4', 1, 128),
      ...front('attention', 'query_'),
      ...linear('attention.q.0', 128, joined),
      ...linear('attention.q.2', 128, 128),
      ...front('attention', 'key_'),
      ...linear('attention.k.0', 128, joined),
      ...linear('attention.k.2', 128, 128),
      ...linear('lambda_embedding.fc1', 100, visual.embeddingWidth),
      ...linear('lambda_embedding.fc2', 100, 100),
      ...linear('lambda_embedding.fc3', 1, 100),
      ...front('canonical', ''),
      ...linear('canonical.main.0', 128, joined),
      ...linear('canonical.main.2', 128, 128),
      ...linear('canonical.main.4', 1, 128),
      ['canonical_image.conv1.weight', [8, 3, 3, 3]],
      ['canonical_image.conv1.bias', [8]],
      ['canonical_image.conv2.weight', [8, 8, 3, 3]],
      ['canonical_image.conv2.bias', [8]],
      ...linear('canonical_image.head', 1, 8),
    ],
    seed,
  );
}

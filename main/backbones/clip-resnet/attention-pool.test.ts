// The reassociated graph of the attention pool against the textbook order of operations in double precision: form
// every token, key and value, attend, project.
import { describe, expect, it } from 'vitest';
import { largestDifference, relativeDistance } from '../../testing/distance.ts';
import { naiveLinear } from '../../testing/naive-layers.ts';
import { runGraph } from '../../testing/run-graph.ts';
import { pruneToOutputs } from '../../onnx/graph.ts';
import type { VisualArchitecture } from './architecture.ts';
import { buildAttentionPool } from './attention-pool.ts';
import { randomClassEmbeddings, randomClip, visualArchitecture } from './random-weights.ts';
import { readSafetensors, writeSafetensors } from '../checkpoints/safetensors.ts';
import type { Weights } from '../weights.ts';

type Vector = number[];

function softmax(scores: Vector): Vector {
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

const add = (a: Vector, b: Vector) => a.map((value, i) => value + b[i]!);
const dot = (a: Vector, b: Vector) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

interface Pooled {
  readonly embedding: Vector;
  /** Attention of the mean token, [heads][N + 1]. */
  readonly attention: Vector[];
}

/** CLIP's AttentionPool2d for one feature map [C, s, s]. */
function naivePool(weights: Weights, visual: VisualArchitecture, features: Float32Array): Pooled {
  const { featureChannels: channels, heads } = visual;
  const cells = visual.featureSize ** 2;
  const contents = Array.from({ length: cells }, (_, i) =>
    Array.from({ length: channels }, (_, c) => features[c * cells + i]!),
  );
  const mean = contents.reduce(add).map((value) => value / cells);
  const positions = weights.get('visual.attnpool.positional_embedding')!.float32();
  const tokens = [mean, ...contents].map((content, i) =>
    add(content, Array.from(positions.subarray(i * channels, (i + 1) * channels))),
  );
  const query = naiveLinear(weights, 'visual.attnpool.q_proj', tokens[0]!);
  const keys = tokens.map((token) => naiveLinear(weights, 'visual.attnpool.k_proj', token));
  const values = tokens.map((token) => naiveLinear(weights, 'visual.attnpool.v_proj', token));
  const width = channels / heads;
  const head = (vector: Vector, h: number) => vector.slice(h * width, (h + 1) * width);
  const attention = Array.from({ length: heads }, (_, h) =>
    softmax(keys.map((key) => dot(head(query, h), head(key, h)) / Math.sqrt(width))),
  );
  const attended = attention.flatMap((shares, h) =>
    shares.map((share, i) => head(values[i]!, h).map((value) => share * value)).reduce(add),
  );
  return { embedding: naiveLinear(weights, 'visual.attnpool.c_proj', attended), attention };
}

/** What the content of one cell adds to each raw logit e T, pushed through the value and output matrices by itself. */
function naiveEvidence(
  weights: Weights,
  { featureChannels: channels, featureSize, heads, embeddingWidth }: VisualArchitecture,
  features: Float32Array,
  { attention }: Pooled,
  T: Float32Array,
): { cells: Vector[]; classes: number } {
  const cells = featureSize ** 2;
  const classes = T.length / embeddingWidth;
  const value = weights.get('visual.attnpool.v_proj.weight')!.float32();
  const output = weights.get('visual.attnpool.c_proj.weight')!.float32();
  const width = channels / heads;
  const shares = Array.from({ length: classes }, () => new Array<number>(cells).fill(0));
  for (let i = 0; i < cells; i++) {
    // The cell's content through its own token, and through the mean token, of which it is one part in N.
    const attended = Array.from({ length: channels }, (_, row) => {
      const weight = attention[Math.floor(row / width)]!;
      let sum = 0;
      for (let c = 0; c < channels; c++) sum += value[row * channels + c]! * features[c * cells + i]!;
      return sum * (weight[i + 1]! + weight[0]! / cells);
    });
    for (let e = 0; e < embeddingWidth; e++) {
      const projected = attended.reduce((sum, a, c) => sum + output[e * channels + c]! * a, 0);
      for (let k = 0; k < classes; k++) shares[k]![i]! += projected * T[e * classes + k]!;
    }
  }
  return { cells: shares, classes };
}

const sizes = [
  visualArchitecture({ layers: [1, 1, 1, 1], width: 2, resolution: 32, embeddingWidth: 5 }),
  visualArchitecture({ layers: [1, 1, 1, 1], width: 4, resolution: 96, embeddingWidth: 16 }),
  visualArchitecture({ layers: [1, 1, 1, 1], width: 6, resolution: 128, embeddingWidth: 7 }),
];
const views = 3;
const classes = 4;

describe.each(sizes)('$heads head(s) on $featureSize x $featureSize cells', (visual) => {
  const read = (tensors: ReturnType<typeof randomClip>) => readSafetensors(writeSafetensors(tensors));
  const weights = read(randomClip(visual, 11));
  const T = read(randomClassEmbeddings(visual, classes, 12))
    .get('class_embeddings')!
    .float32();
  const length = visual.featureChannels * visual.featureSize ** 2;
  // As the tower gives them: not negative, of different strength, large enough for attention that is not uniform.
  const features = Float32Array.from({ length: views * length }, (_, i) =>
    Math.max(0, 4 * Math.sin(i * 1.7 + (i * i) / 97) - 1),
  );
  const dims = [views, visual.featureChannels, visual.featureSize, visual.featureSize];
  const naive = Array.from({ length: views }, (_, view) =>
    naivePool(weights, visual, features.subarray(view * length, (view + 1) * length)),
  );
  const model = buildAttentionPool(weights, { visual, text: null, logitScale: null });
  const feeds = {
    features: { data: features, dims },
    class_embeddings: { data: T, dims: [visual.embeddingWidth, classes] },
  };

  it('gives the embedding of the textbook', async () => {
    const { embedding } = await runGraph(model, feeds);
    expect(embedding!.dims).toEqual([views, visual.embeddingWidth]);
    expect(
      relativeDistance(
        embedding!.data,
        naive.flatMap((pooled) => pooled.embedding),
      ),
    ).toBeLessThan(2e-6);
    // Attention that is uniform would hide a wrong query or key.
    const largest = Math.max(...naive.flatMap(({ attention }) => attention.flat()));
    expect(largest).toBeGreaterThan(1.1 / (visual.featureSize ** 2 + 1));
  });

  it('gives the same embedding without the class embeddings', async () => {
    const pruned = { ...model, graph: pruneToOutputs(model.graph, ['embedding']) };
    const { embedding } = await runGraph(pruned, { features: feeds.features });
    expect(
      relativeDistance(
        embedding!.data,
        naive.flatMap((pooled) => pooled.embedding),
      ),
    ).toBeLessThan(2e-6);
  });

  it('splits every logit over the cells as the textbook would', async () => {
    const { embedding, evidence, evidence_constant: constant } = await runGraph(model, feeds);
    const cells = visual.featureSize ** 2;
    for (let view = 0; view < views; view++) {
      const one = features.subarray(view * length, (view + 1) * length);
      const expected = naiveEvidence(weights, visual, one, naive[view]!, T);
      const found = evidence!.data.subarray(view * classes * cells, (view + 1) * classes * cells);
      expect(relativeDistance(found, expected.cells.flat())).toBeLessThan(5e-6);
      const sums = Array.from({ length: classes }, (_, k) =>
        found
          .subarray(k * cells, (k + 1) * cells)
          .reduce((sum, cell) => sum + cell, constant!.data[view * classes + k]!),
      );
      const logits = sums.map((_, k) =>
        Array.from(
          embedding!.data.subarray(view * visual.embeddingWidth, (view + 1) * visual.embeddingWidth),
        ).reduce((sum, value, e) => sum + value * T[e * classes + k]!, 0),
      );
      expect(largestDifference(sums, logits)).toBeLessThan(1e-4);
    }
  });
});

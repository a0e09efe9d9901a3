// The text tower's graph against the textbook in double precision: pre-norm transformer with causal attention and
// quick GELU, read at the end-of-text token.
import { expect, it } from 'vitest';
import { relativeDistance } from '../../testing/distance.ts';
import { naiveLinear } from '../../testing/naive-layers.ts';
import { runGraph } from '../../testing/run-graph.ts';
import type { TextArchitecture } from '../clip-resnet/architecture.ts';
import { randomClip, visualArchitecture } from '../clip-resnet/random-weights.ts';
import { readSafetensors, writeSafetensors } from '../checkpoints/safetensors.ts';
import { buildTextTower } from './text-tower.ts';
import type { Weights } from '../weights.ts';

const text: TextArchitecture = { layers: 2, width: 128, heads: 2, contextLength: 7, vocabularySize: 20 };
const visual = visualArchitecture({ layers: [1, 1, 1, 1], width: 2, resolution: 32, embeddingWidth: 6 });
const enlarged = randomClip(visual, 31, text);
// At their usual scale the attention scores of so narrow a network are almost equal, and would hide a wrong mask.
for (const [name, tensor] of enlarged) {
  if (name.endsWith('in_proj_weight')) {
    const { dims } = tensor;
    const data = readOne(name).map((value) => 4 * value);
    enlarged.set(name, { dims, dtype: 'float32', data });
  }
}
const weights = readSafetensors(writeSafetensors(enlarged));

function readOne(name: string): Float32Array {
  return readSafetensors(writeSafetensors(new Map([[name, enlarged.get(name)!]])))
    .get(name)!
    .float32();
}

const numbers = (name: string) => weights.get(name)!.float32();

function layerNorm(x: readonly number[], name: string): number[] {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  const [gamma, beta] = [numbers(`${name}.weight`), numbers(`${name}.bias`)];
  return x.map((value, i) => ((value - mean) / Math.sqrt(variance + 1e-5)) * gamma[i]! + beta[i]!);
}

/** The fused projection under the names of a Linear. */
function inProjection(name: string): Weights {
  return new Map([
    ['in.weight', weights.get(`${name}.in_proj_weight`)!],
    ['in.bias', weights.get(`${name}.in_proj_bias`)!],
  ]);
}

function attend(tokens: readonly number[][], name: string): number[][] {
  const { width, heads } = text;
  const headWidth = width / heads;
  const projected = tokens.map((token) => naiveLinear(inProjection(name), 'in', token));
  const part = (token: number, which: number, head: number) =>
    projected[token]!.slice(which * width + head * headWidth, which * width + (head + 1) * headWidth);
  return tokens.map((_, asker) => {
    const joined = Array.from({ length: heads }, (__, head) => {
      const query = part(asker, 0, head);
      // Only this token and those before it.
      const scores = Array.from({ length: asker + 1 }, (___, token) => {
        const key = part(token, 1, head);
        return query.reduce((sum, value, i) => sum + value * key[i]!, 0) / Math.sqrt(headWidth);
      });
      const largest = Math.max(...scores);
      const powers = scores.map((score) => Math.exp(score - largest));
      const sum = powers.reduce((total, power) => total + power, 0);
      return query.map((__value, i) =>
        powers.reduce((total, power, token) => total + (power / sum) * part(token, 2, head)[i]!, 0),
      );
    }).flat();
    return naiveLinear(weights, `${name}.out_proj`, joined);
  });
}

const add = (a: readonly number[], b: readonly number[]) => a.map((value, i) => value + b[i]!);

function naiveTextTower(tokens: readonly number[]): number[] {
  const { width, layers } = text;
  const row = (name: string, index: number) => [
    ...numbers(name).subarray(index * width, (index + 1) * width),
  ];
  let states = tokens.map((token, place) =>
    add(row('token_embedding.weight', token), row('positional_embedding', place)),
  );
  for (let layer = 0; layer < layers; layer++) {
    const name = `transformer.resblocks.${layer}`;
    const attended = attend(
      states.map((state) => layerNorm(state, `${name}.ln_1`)),
      `${name}.attn`,
    );
    states = states.map((state, i) => add(state, attended[i]!));
    states = states.map((state) => {
      const hidden = naiveLinear(weights, `${name}.mlp.c_fc`, layerNorm(state, `${name}.ln_2`));
      const active = hidden.map((value) => value / (1 + Math.exp(-1.702 * value)));
      return add(state, naiveLinear(weights, `${name}.mlp.c_proj`, active));
    });
  }
  const end = layerNorm(states[tokens.indexOf(Math.max(...tokens))]!, 'ln_final');
  const projection = numbers('text_projection');
  const { embeddingWidth } = visual;
  return Array.from({ length: embeddingWidth }, (_, e) =>
    end.reduce((sum, value, i) => sum + value * projection[i * embeddingWidth + e]!, 0),
  );
}

it('the text tower is the network of the textbook, wherever the end token stands', async () => {
  const rows = [
    [18, 3, 7, 19, 0, 0, 0],
    [18, 1, 2, 3, 4, 5, 19],
    // Padded with the end token, as some tokenizers do: the first one counts.
    [18, 9, 19, 19, 19, 19, 19],
  ];
  const { text_embedding: embedding } = await runGraph(buildTextTower(weights, text, visual.embeddingWidth), {
    tokens: { data: BigInt64Array.from(rows.flat(), BigInt), dims: [rows.length, text.contextLength] },
  });
  expect(relativeDistance(embedding!.data, rows.flatMap(naiveTextTower))).toBeLessThan(1e-5);
});

// The lambda net as a graph is the one that answers, and it learns from what a text prefers.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { largestDifference } from '../../testing/distance.ts';
import { smallTokenizer, writeLanguageFolder } from '../../testing/language.ts';
import { runGraph } from '../../testing/run-graph.ts';
import { seededRandom } from '../../evaluation/metrics/random.ts';
import { writeSafetensors } from '../../backbones/checkpoints/safetensors.ts';
import { softmax } from '../../equivariance/logits.ts';
import { groupOfFile } from '../groups-file.ts';
import { importLanguageModel } from '../store/import.ts';
import { openLanguageModel, type OpenedLanguageModel } from '../store/open.ts';
import { openTokenizer } from '../text/tokenizer.ts';
import { lambdaGraph } from './graph.ts';
import { lambdaNet, lambdaTensors, readLambdaNet, type LambdaWeights } from './net.ts';
import { trainLambda } from './train.ts';

const random = seededRandom(3);
const numbers = (length: number) => Float32Array.from({ length }, () => random() / 2 ** 31 - 1);
const weightsOf = (width: number, hidden: number): LambdaWeights => ({
  ...{ width, hidden, first: numbers(hidden * width), firstBias: numbers(hidden) },
  ...{ second: numbers(hidden), secondBias: numbers(1) },
});

let folder: string;
let model: OpenedLanguageModel;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dermorbit-lambda-'));
  const source = writeLanguageFolder(join(folder, 'source'));
  model = await openLanguageModel(await importLanguageModel({ source, id: 'small', folder }), 'cpu');
});
afterAll(async () => {
  await model.close();
  rmSync(folder, { recursive: true, force: true });
});

it('combines in the graph as beside it', async () => {
  const [batch, d, width, vocabulary] = [3, 4, 5, 7];
  const weights = weightsOf(width, 6);
  const [hidden, turned] = [numbers(batch * d * width), numbers(batch * d * vocabulary)];
  const found = await runGraph(lambdaGraph(weights, d, vocabulary), {
    hidden: { data: hidden, dims: [batch, d, width] },
    turned: { data: turned, dims: [batch, d, vocabulary] },
  });
  const net = lambdaNet(weights);
  const wanted = Array.from({ length: batch }, (_, row) => {
    const values = Array.from({ length: d }, (_k, k) =>
      net.value(hidden.subarray((row * d + k) * width, (row * d + k + 1) * width)),
    );
    const shares = softmax(values);
    return Array.from({ length: vocabulary }, (_u, u) =>
      shares.reduce((sum, share, k) => sum + share * turned[(row * d + k) * vocabulary + u]!, 0),
    );
  }).flat();
  expect(largestDifference(found.logits!.data, wanted)).toBeLessThan(1e-5);
});

it('comes back from its file, and refuses the file of another width', () => {
  const weights = weightsOf(4, 3);
  const bytes = writeSafetensors(lambdaTensors(weights));
  expect(readLambdaNet(bytes, 4, 'l').weights).toEqual(weights);
  expect(() => readLambdaNet(bytes, 5, 'l')).toThrow(
    expect.objectContaining({
      code: 'LANGUAGE_LAMBDA',
      message: expect.stringContaining('[3, 4]') as string,
    }),
  );
});

it('learns from a text, reproducibly, and keeps the best round', async () => {
  const tokens = groupOfFile(
    {
      equality: [
        [' man', ' woman'],
        [' he', ' she'],
      ],
    },
    openTokenizer(smallTokenizer()),
  );
  const words = [' man', ' woman', ' he', ' she', ' worked', ' black', ' white'];
  const pick = seededRandom(9);
  const text = Array.from({ length: 400 }, () => words[pick() % words.length]!).join('');
  const ids = model.tokenizer.encode(text);
  const options = { hidden: 8, rounds: 8, batch: 16, learningRate: 0.02, seed: 4 };
  const first = await trainLambda(model, tokens, ids, options);
  const again = await trainLambda(model, tokens, ids, options);
  expect(again.rounds).toEqual(first.rounds);
  expect(first.rounds.at(-1)!.training).toBeLessThan(first.rounds[0]!.training);
  const compared = first.rounds.map(({ validation }) => validation);
  expect(first.validation.lambda).toBeLessThanOrEqual(Math.min(...compared));
  expect(first.validation.lambda).toBeLessThanOrEqual(first.validation.equal + 1e-3);
});

it('refuses a text without enough equality words', async () => {
  const tokens = groupOfFile({ equality: [[' man', ' woman']] }, openTokenizer(smallTokenizer()));
  const options = { hidden: 8, rounds: 1, batch: 16, learningRate: 0.02, seed: 4 };
  const ids = model.tokenizer.encode('The black worked'.repeat(20));
  await expect(trainLambda(model, tokens, ids, options)).rejects.toMatchObject({
    code: 'LANGUAGE_TEXT_SHORT',
  });
});

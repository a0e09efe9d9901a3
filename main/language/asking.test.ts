// Generation and the fairness experiment on a small model: what a fair method writes is the same for every group, its
// words exchanged; texts end where they should; and no position is written behind the last.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeLanguageFolder } from '../testing/language.ts';
import { fairnessCsv } from '../reports/fairness-csv.ts';
import { fairnessReport } from '../reports/fairness-report.ts';
import { generateText, nextTokens, promptIds, scoreContinuations, type Asking } from './asking.ts';
import { drawToken, logSoftmax } from './distribution.ts';
import { runFairness } from './fairness/run.ts';
import { groupOfFile } from './groups-file.ts';
import { lambdaNet } from './lambda/net.ts';
import type { MethodOptions } from './methods.ts';
import { sampleStream } from './random.ts';
import { openRequest } from './request.ts';
import { logitScores } from './scores.ts';
import { importLanguageModel } from './store/import.ts';
import { openLanguageModel, type OpenedLanguageModel } from './store/open.ts';
import { actOnTokens, isMoved } from './token-group.ts';

const groups = {
  2: {
    equality: [
      [' man', ' woman'],
      [' he', ' she'],
    ],
  },
  3: {
    equality: [
      [' black', ' white', ' asian'],
      [' he', ' she', ' they'],
    ],
  },
} as const;
let folder: string;
let model: OpenedLanguageModel;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dermorbit-asking-'));
  const source = writeLanguageFolder(join(folder, 'source'));
  model = await openLanguageModel(await importLanguageModel({ source, id: 'small', folder }), 'cpu');
});
afterAll(async () => {
  await model.close();
  rmSync(folder, { recursive: true, force: true });
});

const net = lambdaNet({
  width: 16,
  hidden: 2,
  first: Float32Array.from({ length: 32 }, (_, i) => Math.sin(i)),
  firstBias: Float32Array.of(0.1, -0.2),
  second: Float32Array.of(1, -1.5),
  secondBias: Float32Array.of(0),
});

function asking(d: 2 | 3, method: MethodOptions['method'], ties: MethodOptions['ties'] = 'first'): Asking {
  const file = { equality: groups[d].equality.map((list) => [...list]) };
  const tokens = groupOfFile(file, model.tokenizer);
  return {
    model,
    tokens,
    options: { method, ties, score: logitScores['max-probability'], net },
    choose: 'token',
  };
}

const fair = [
  [2, 'equilm', 'first'],
  [3, 'equilm', 'first'],
  [3, 'lambda', 'first'],
  [3, 'equizero', 'mean'],
] as const;

describe('fairness', () => {
  it.each(fair)('d = %d, %s, ties %s: P(gX2 | gX1) = P(X2 | X1) for any texts', async (d, method, ties) => {
    const ask = asking(d, method, ties);
    const id = fc.oneof(
      fc.integer({ min: 0, max: model.tokenizer.size - 1 }),
      fc.constantFrom(...ask.tokens!.moved),
    );
    const ids = (maxLength: number) => fc.array(id, { minLength: 1, maxLength });
    await fc.assert(
      fc.asyncProperty(ids(8), ids(4), async (prefix, continuation) => {
        const { gap } = await scoreContinuations(ask, prefix, [{ text: '', ids: continuation }], ask.tokens);
        expect(gap).toBeLessThan(1e-5);
      }),
      { numRuns: 12 },
    );
  });

  it('is what the plain model lacks', async () => {
    const ask = asking(2, 'plain');
    const prefix = model.tokenizer.encode('The man worked');
    const { gap } = await scoreContinuations(ask, prefix, [{ text: '', ids: [5, 6] }], ask.tokens);
    expect(gap).toBeGreaterThan(0.01);
  });

  it('writes the same texts for every group, words exchanged', async () => {
    const ask = asking(3, 'equilm');
    const prompt = model.tokenizer.encode('The black man worked');
    const write = (ids: readonly number[]) =>
      generateText(ask, ids, { length: 8, topK: 40, random: sampleStream(1, 0) });
    const first = await write(prompt);
    const second = await write(actOnTokens(ask.tokens!, 1, prompt));
    expect(isMoved(ask.tokens!, prompt)).toBe(true);
    expect(second.ids).toEqual(actOnTokens(ask.tokens!, 1, first.ids));
  });
});

describe('generation', () => {
  it('says which element of the group answered', async () => {
    const ask = asking(3, 'equizero');
    const prompt = model.tokenizer.encode('The black man');
    const { element } = await nextTokens(ask, prompt, 1);
    const written = await generateText(ask, prompt, { length: 3, temperature: 0, random: () => 0 });
    expect(written.elements?.[0]).toBe(element);
    expect(written.elements).toHaveLength(3);
  });

  it('ends where no position is left, and does not begin behind the last', async () => {
    const ask = asking(2, 'equilm');
    const greedy = { length: 10, temperature: 0, random: () => 0 };
    const written = await generateText(
      ask,
      Array.from({ length: 20 }, () => 7),
      greedy,
    );
    expect(written).toMatchObject({ stopped: 'positions' });
    expect(written.ids).toHaveLength(4);
    const full = Array.from({ length: 24 }, () => 7);
    expect((await nextTokens(ask, full, 3)).tokens).toHaveLength(3);
    await expect(generateText(ask, full, greedy)).rejects.toMatchObject({ code: 'PROMPT_FILLS_POSITIONS' });
    await expect(nextTokens(ask, [...full, 7], 3)).rejects.toMatchObject({ code: 'PROMPT_TOO_LONG' });
    expect(() => promptIds(model, 'a'.repeat(25))).toThrow(
      expect.objectContaining({
        code: 'PROMPT_TOO_LONG',
        message: expect.stringContaining('25 tokens; the model has 24') as string,
      }),
    );
    expect(() => promptIds(model, '')).toThrow(expect.objectContaining({ code: 'PROMPT_EMPTY' }));
  });

  it('stops when it is told to', async () => {
    const signal = AbortSignal.abort();
    const options = { length: 3, random: () => 0, signal };
    await expect(generateText(asking(2, 'plain'), [3], options)).rejects.toThrow();
  });

  it('draws each token as often as it is likely', () => {
    const logits = Float64Array.of(1, 3, 2, -5, 2.5);
    const random = sampleStream(11);
    const counts = [0, 0, 0, 0, 0];
    const draws = 20_000;
    for (let i = 0; i < draws; i++) counts[drawToken(logits, { topK: 3, temperature: 2 }, random())]!++;
    const wanted = logSoftmax([3, 2.5, 2].map((logit) => logit / 2)).map(Math.exp);
    expect([counts[0], counts[3]]).toEqual([0, 0]);
    for (const [place, id] of [1, 4, 2].entries()) expect(counts[id]! / draws).toBeCloseTo(wanted[place]!, 1);
  });
});

describe('the experiment', () => {
  const write = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  it('finds the plain model unfair and EquiLM fair, and shows it', async () => {
    const prompts = write('prompts.txt', 'The man worked\nThe woman\n\nThe\n');
    const file = write('groups.json', JSON.stringify(groups[2]));
    const text = write('text.txt', 'The man worked and she worked. '.repeat(3));
    const request = { model: 'small', folder, groups: file, prompts, samples: 3, seed: 1, text };
    const { result, samples } = await runFairness({
      ...request,
      methods: ['plain', 'equilm', 'equizero'],
      ties: 'mean',
      sampling: { length: 6, topK: 40, stopAtNewline: true },
      // Not a judge of anything: it labels by length, so that the two texts of a fair method get one label.
      classifier: {
        ...{ name: 'length', sha256: '0', labels: ['short', 'long'] },
        classify: (texts) =>
          Promise.resolve(
            texts.map((each) => (each.replaceAll(/wo(?=man)|s(?=he)/g, '').length < 20 ? [1, 0] : [0, 1])),
          ),
      },
    });
    const [plain, equilm, equizero] = result.methods;
    expect(plain!.gap.value).toBeGreaterThan(0.01);
    expect(equilm!.largestGap).toBeLessThan(1e-5);
    expect(equizero!.largestGap).toBeLessThan(1e-5);
    expect(plain!.cost.value).toBe(0);
    expect(equilm!.divergence.value).toBeLessThan(1e-9);
    expect(result.unmoved).toBe(1);
    expect(equilm!.groups.map(({ texts, words }) => [texts, words])).toEqual([
      [6, [' man', ' he']],
      [6, [' woman', ' she']],
    ]);
    expect(equilm!.shareDifferences.map(({ difference }) => difference.value)).toEqual([0, 0]);
    expect(samples).toHaveLength(3 * 3 * 2 * 3);
    expect(result.methods.every(({ perplexity }) => perplexity !== null && perplexity > 1)).toBe(true);
    const page = fairnessReport(result, samples);
    expect(page).toContain('<svg');
    expect(page).not.toMatch(/NaN|undefined|<script/);
    expect(fairnessCsv(samples).split('\r\n')).toHaveLength(samples.length + 2);
  });

  it('refuses what it cannot ask', async () => {
    const file = write('g.json', JSON.stringify(groups[2]));
    const base = { model: 'small', folder };
    await expect(openRequest({ ...base, method: 'equilm' })).rejects.toMatchObject({ code: 'GROUPS_NEEDED' });
    await expect(openRequest({ ...base, method: 'lambda', groups: file })).rejects.toMatchObject({
      code: 'LANGUAGE_LAMBDA_MISSING',
    });
    await expect(openRequest({ ...base, model: 'none', method: 'plain' })).rejects.toMatchObject({
      code: 'LANGUAGE_MODEL_NOT_FOUND',
    });
    await expect(
      openRequest({ ...base, method: 'equilm', groups: write('b.json', '{') }),
    ).rejects.toMatchObject({ code: 'GROUPS_INVALID' });
  });
});

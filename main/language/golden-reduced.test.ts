// The reduced golden vectors of the repository: a tiny GPT-2 in half precision and what the reference computed with it
// in single precision, compared on every computer.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LanguageMethod } from '../contract/language.ts';
import { relativeDistance } from '../testing/distance.ts';
import { goldenLanguage } from '../testing/language.ts';
import { readSafetensors } from '../testing/safetensors.ts';
import { readLogits, scoreContinuations, type Asking } from './asking.ts';
import { groupOfFile } from './groups-file.ts';
import type { MethodOptions } from './methods.ts';
import { perplexity } from './perplexity.ts';
import { logitScores } from './scores.ts';
import { importLanguageModel } from './store/import.ts';
import { openLanguageModel, type OpenedLanguageModel } from './store/open.ts';

interface Cases {
  prefixes: string[];
  continuations: string[];
  perplexity_text: string;
  groups: Record<string, { equality: string[][]; general: string[]; moved: boolean[] }>;
  tokenizer_cases: { text: string; ids: number[] }[];
}

/** Rounding weights and vectors to half precision leaves this much. */
const tolerance = 2e-3;
const prefixes = [0, 1, 4];
const methods: Record<string, { method: LanguageMethod; ties?: 'mean' }> = {
  equilm: { method: 'equilm' },
  r_equilm: { method: 'r-equilm' },
  equizero: { method: 'equizero' },
  equizero_ties_mean: { method: 'equizero', ties: 'mean' },
  lambda: { method: 'lambda' },
};

const cases = JSON.parse(readFileSync(goldenLanguage('cases.json'), 'utf8')) as Cases;
const expected = readSafetensors(goldenLanguage('expected.safetensors'));
let folder: string;
let model: OpenedLanguageModel;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dermorbit-language-'));
  const opened = await importLanguageModel({ source: goldenLanguage('.'), id: 'tiny', folder });
  model = await openLanguageModel(opened, 'cpu');
});
afterAll(async () => {
  await model.close();
  rmSync(folder, { recursive: true, force: true });
});

it('tokenizes', () => {
  for (const { text, ids } of cases.tokenizer_cases) {
    expect(model.tokenizer.encode(text), text).toEqual(ids);
    expect(model.tokenizer.decode(ids)).toBe(text);
  }
});

describe.each(['2', '3', '4'])('d = %s', (d) => {
  const asking = (name: string): Asking => {
    const { method, ties = 'first' as const } = methods[name]!;
    const score = logitScores['max-probability'];
    const options: MethodOptions = { method, ties, score, net: model.lambda };
    return { model, tokens: groupOfFile(cases.groups[d]!, model.tokenizer), options, choose: 'token' };
  };

  it.each(Object.keys(methods))(
    'gives the logits, log-probabilities, gap and perplexity of %s',
    async (name) => {
      const ask = asking(name);
      for (const i of prefixes) {
        const ids = model.tokenizer.encode(cases.prefixes[i]!);
        let logits: ArrayLike<number> = [];
        let weights: readonly number[] = [];
        await readLogits(ask, ids, ids.length - 1, (_, said) => {
          logits = said.logits;
          weights = said.weights ?? [];
        });
        const prefix = `d${d}.prefix.${i}`;
        expect(relativeDistance(logits, expected.get(`${prefix}.${name}.logits`)!.data)).toBeLessThan(
          tolerance,
        );
        if (name === 'lambda') {
          const wanted = expected.get(`${prefix}.lambda.weights`)!.data;
          expect(relativeDistance(weights, wanted)).toBeLessThan(tolerance);
        }
        const continuations = cases.continuations.map((text) => ({
          text,
          ids: model.tokenizer.encode(text),
        }));
        const { gap, continuations: scored } = await scoreContinuations(ask, ids, continuations, ask.tokens);
        const always = ['equilm', 'equizero_ties_mean', 'lambda'].includes(name);
        if (always || (name === 'equizero' && cases.groups[d]!.moved[i])) expect(gap).toBeLessThan(1e-5);
        const logp = expected.get(`d${d}.${name}.logp`)!;
        const wanted = scored.map((_, j) => logp.data[i * 4 + j]!);
        expect(
          relativeDistance(
            scored.map(({ logProbability }) => logProbability),
            wanted,
          ),
        ).toBeLessThan(tolerance);
      }
      const found = await perplexity(ask, model.tokenizer.encode(cases.perplexity_text));
      const wanted = expected.get(`d${d}.${name}.perplexity`)!.data[0]!;
      expect(Math.abs(found.perplexity / wanted - 1)).toBeLessThan(10 * tolerance);
    },
  );
});

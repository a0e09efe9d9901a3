// The vectors of ../shared/golden/language: every tensor, every refusal, by the product's own importer and sessions.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LanguageMethod } from '../contract/language.ts';
import { largestDifference, relativeDistance } from '../testing/distance.ts';
import { readSafetensors } from '../testing/safetensors.ts';
import { sharedFolder, sharedPath } from '../testing/shared.ts';
import { generateText, nextTokens, readLogits, scoreContinuations, type Asking } from './asking.ts';
import { divergence, logSoftmax, topIds } from './distribution.ts';
import { groupOfFile } from './groups-file.ts';
import type { MethodOptions } from './methods.ts';
import { readSequences } from './model.ts';
import { perplexity } from './perplexity.ts';
import { logitScores } from './scores.ts';
import { importLanguageModel } from './store/import.ts';
import { openLanguageModel, type OpenedLanguageModel } from './store/open.ts';
import { actOnTokens, orbitOfTokens, type TokenGroup } from './token-group.ts';

const shared = (name: string) => sharedPath('golden', 'language', name);

interface Language {
  prefixes: string[];
  continuations: string[];
  perplexity_text: string;
  single_token_words: Record<string, number>;
  several_token_words: Record<string, number[]>;
  groups: Record<string, { equality_words: string[][]; general_words: string[]; moved: boolean[] }>;
  tokenizer_cases: { text: string; ids: number[] }[];
  greedy_text: Record<string, string[]>;
}

/** The vectors' names of methods, and how each is asked for. */
const methods: Record<string, { method: LanguageMethod; ties?: 'mean'; choose?: 'context' }> = {
  plain: { method: 'plain' },
  equilm: { method: 'equilm' },
  r_equilm: { method: 'r-equilm' },
  equizero: { method: 'equizero' },
  equizero_ties_mean: { method: 'equizero', ties: 'mean' },
  lambda: { method: 'lambda' },
};

describe.skipIf(sharedFolder() === null)('golden vectors: language', () => {
  let folder: string;
  let model: OpenedLanguageModel;
  let expected: ReturnType<typeof readSafetensors>;
  let text: Language;
  const numbers = (name: string) => {
    const found = expected.get(name);
    if (!found) throw new Error(`no vector ${name}`);
    unread.delete(name);
    return [...found.data];
  };
  const unread = new Set<string>();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dermorbit-language-'));
    const source = shared('tiny-gpt2.safetensors');
    model = await openLanguageModel(await importLanguageModel({ source, id: 'tiny', folder }), 'cpu');
    expected = readSafetensors(shared('expected.safetensors'));
    for (const name of expected.keys()) unread.add(name);
    text = JSON.parse(readFileSync(shared('language.json'), 'utf8')) as Language;
  });
  afterAll(async () => {
    await model.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const asking = (
    name: string,
    tokens: TokenGroup,
    score: 'max-probability' | 'entropy' = 'max-probability',
  ): Asking => {
    const { method, ties = 'first' as const, choose } = methods[name]!;
    const options: MethodOptions = { method, ties, score: logitScores[score], net: model.lambda };
    return { model, tokens, options, choose: choose ?? 'token' };
  };
  const groupOf = (d: string) => {
    const { equality_words: equality, general_words: general } = text.groups[d]!;
    return groupOfFile({ equality, general }, model.tokenizer);
  };

  it('tokenizes as the reference does', () => {
    for (const { text: sample, ids } of text.tokenizer_cases) {
      expect(model.tokenizer.encode(sample), sample).toEqual(ids);
      expect(model.tokenizer.decode(ids)).toBe(sample);
    }
    for (const [word, id] of Object.entries(text.single_token_words))
      expect(model.tokenizer.encode(word)).toEqual([id]);
    for (const [word, ids] of Object.entries(text.several_token_words))
      expect(model.tokenizer.encode(word)).toEqual(ids);
    expect(model.tokenizer.encode(text.perplexity_text)).toEqual(numbers('perplexity.ids'));
    for (const [i, prefix] of text.prefixes.entries()) {
      expect(model.tokenizer.encode(prefix)).toEqual(numbers(`prefix.${i}.ids`));
    }
    for (const [j, each] of text.continuations.entries()) {
      expect(model.tokenizer.encode(each)).toEqual(numbers(`continuation.${j}.ids`));
    }
  });

  it('gives the hidden states and logits of the plain model behind every position', async () => {
    for (const i of text.prefixes.keys()) {
      const logits: number[] = [];
      const hidden: number[] = [];
      await readSequences(model, [numbers(`prefix.${i}.ids`)], null, 0, (_, reading) => {
        logits.push(...reading.logits[0]!);
        hidden.push(...reading.hidden[0]!);
      });
      expect(largestDifference(logits, numbers(`prefix.${i}.plain.logits`))).toBeLessThan(1e-4);
      expect(relativeDistance(hidden, numbers(`prefix.${i}.plain.hidden`))).toBeLessThan(1e-5);
    }
  });

  describe.each(['2', '3', '4'])('d = %s', (d) => {
    it('moves the words', () => {
      const tokens = groupOf(d);
      expect(tokens.powers.flatMap((power) => [...power])).toEqual(numbers(`d${d}.permutation`));
      for (const i of text.prefixes.keys()) {
        const orbit = orbitOfTokens(tokens, numbers(`prefix.${i}.ids`));
        expect(orbit.flat()).toEqual(numbers(`d${d}.prefix.${i}.orbit_ids`));
      }
    });

    it('gives weights, scores and choices', async () => {
      const tokens = groupOf(d);
      for (const i of text.prefixes.keys()) {
        const ids = numbers(`prefix.${i}.ids`);
        const weights: number[] = [];
        await readLogits(asking('lambda', tokens), ids, 0, (_, said) => weights.push(...said.weights!));
        expect(relativeDistance(weights, numbers(`d${d}.prefix.${i}.lambda.weights`))).toBeLessThan(1e-5);
        for (const score of ['max-probability', 'entropy'] as const) {
          const name = `d${d}.prefix.${i}.equizero.${score.replace('-', '_')}`;
          const scores: number[] = [];
          await readSequences(model, orbitOfTokens(tokens, ids), null, 0, (_, { logits }) =>
            scores.push(...logits.map((row) => logitScores[score](row))),
          );
          expect(relativeDistance(scores, numbers(`${name}.scores`))).toBeLessThan(1e-5);
          const choice: number[] = [];
          await readLogits(asking('equizero', tokens, score), ids, 0, ({}, said) =>
            choice.push(said.element!),
          );
          expect(choice).toEqual(numbers(`${name}.choice`));
        }
        const entropy: number[] = [];
        await readLogits(asking('equizero', tokens, 'entropy'), ids, 0, (_, said) =>
          entropy.push(...said.logits),
        );
        expect(relativeDistance(entropy, numbers(`d${d}.prefix.${i}.equizero_entropy.logits`))).toBeLessThan(
          1e-5,
        );
      }
    });

    it.each(Object.keys(methods))('gives the logits, choices and figures of %s', async (name) => {
      const tokens = groupOf(d);
      const ask = asking(name, tokens);
      const behind = async (ids: number[]) => {
        let last: Float64Array = new Float64Array();
        await readLogits(ask, ids, ids.length - 1, (_, { logits }) => (last = logits));
        return logSoftmax(last);
      };
      const found: Record<string, number[]> = {};
      const add = (part: string, ...values: number[]) => (found[part] ??= []).push(...values);
      const orbits: number[][][] = [];
      for (const [i, prefix] of text.prefixes.entries()) {
        const ids = numbers(`prefix.${i}.ids`);
        const logits: number[] = [];
        await readLogits(ask, ids, 0, (_, said) => logits.push(...said.logits));
        if (name !== 'plain') {
          expect(relativeDistance(logits, numbers(`d${d}.prefix.${i}.${name}.logits`))).toBeLessThan(1e-5);
        }
        const continuations = text.continuations.map((each) => ({
          text: each,
          ids: model.tokenizer.encode(each),
        }));
        const scored = await scoreContinuations(ask, ids, continuations, tokens);
        orbits.push(scored.continuations.map(({ orbit }) => [...orbit!]));
        add('gap', ...scored.continuations.map(({ gap }) => gap!));
        const own = await behind(ids);
        for (let k = 1; k < Number(d); k++) {
          const other = await behind(actOnTokens(tokens, k, ids));
          add(
            'kl_group',
            divergence(
              own,
              own.map((_, u) => other[tokens.powers[k]![u]!]!),
            ),
          );
        }
        const plain = new Float64Array(numbers(`prefix.${i}.plain.logits`).slice(-own.length));
        add('kl_plain', divergence(own, logSoftmax(plain)));
        const greedy = await generateText(ask, ids, { length: 12, temperature: 0, random: () => 0 });
        expect(greedy.text).toBe(text.greedy_text[`d${d}.${name}`]![i]);
        add('greedy', ...greedy.ids);
        const top = await nextTokens(ask, model.tokenizer.encode(prefix), 40);
        const total = top.tokens.reduce((sum, { probability }) => sum + probability, 0);
        add('top40.ids', ...top.tokens.map(({ id }) => id));
        add('top40.probabilities', ...top.tokens.map(({ probability }) => probability / total));
        expect(topIds(logits.slice(-own.length), 40)).toEqual(top.tokens.map(({ id }) => id));
      }
      for (let k = 0; k < Number(d); k++)
        add('logp', ...orbits.flatMap((rows) => rows.map((row) => row[k]!)));
      add('perplexity', (await perplexity(ask, numbers('perplexity.ids'))).perplexity);
      const exact = new Set(['greedy', 'top40.ids']);
      for (const [part, values] of Object.entries(found)) {
        const wanted = numbers(`d${d}.${name}.${part}`);
        if (exact.has(part)) expect(values, part).toEqual(wanted);
        // Gaps and divergences of fair methods are rounding: they are compared with zero.
        else
          expect(largestDifference(values, wanted), part).toBeLessThan(
            part === 'logp' ? 1e-4 : 1e-5 + 1e-4 * Math.max(...wanted),
          );
      }
      const moved = text.groups[d]!.moved;
      const always = ['equilm', 'equizero_ties_mean', 'lambda'].includes(name);
      for (const [i, isMoved] of moved.entries()) {
        if (!always && !(name === 'equizero' && isMoved)) continue;
        const gaps = found.gap!.slice(4 * i, 4 * i + 4);
        expect(Math.max(...gaps), `gap of prefix ${i}`).toBeLessThan(1e-5);
      }
    });

    it('gives equizero whose element the context fixes', async () => {
      const tokens = groupOf(d);
      const ask: Asking = { ...asking('equizero', tokens), choose: 'context' };
      const choices: number[][] = [];
      const [logp, gap]: [number[][], number[]] = [[], []];
      for (const i of text.prefixes.keys()) {
        const ids = numbers(`prefix.${i}.ids`);
        const continuations = text.continuations.map((each) => ({
          text: each,
          ids: model.tokenizer.encode(each),
        }));
        const scored = await scoreContinuations(ask, ids, continuations, tokens);
        scored.continuations.forEach(({ orbit }) => logp.push([...orbit!]));
        gap.push(...scored.continuations.map((each) => each.gap!));
        const row: number[] = [];
        for (let k = 0; k < Number(d); k++)
          row.push((await nextTokens(ask, actOnTokens(tokens, k, ids), 1)).element!);
        choices.push(row);
      }
      const byPower = <T>(rows: T[][]) =>
        Array.from({ length: Number(d) }, (_, k) => rows.map((row) => row[k]!)).flat();
      expect(byPower(choices)).toEqual(numbers(`d${d}.equizero_once.choice`));
      expect(largestDifference(byPower(logp), numbers(`d${d}.equizero_once.logp`))).toBeLessThan(1e-4);
      expect(largestDifference(gap, numbers(`d${d}.equizero_once.gap`))).toBeLessThan(1e-4);
    });
  });

  it('leaves no vector uncompared', () => {
    expect([...unread]).toEqual([]);
  });
});

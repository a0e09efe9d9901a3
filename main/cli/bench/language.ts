// The benchmark of language models: greedy generation by a GPT-2 small with random weights, plain against EquiLM, in
// turns, so that what else the computer does meanwhile falls on all of them.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../../base/median.ts';
import { byteCharacters } from '../../backbones/text/byte-level.ts';
import { writeSafetensors } from '../../backbones/checkpoints/safetensors.ts';
import type { LanguageMethod } from '../../contract/language.ts';
import { generateText, type Asking } from '../../language/asking.ts';
import { gpt2Config, gpt2Sizes, randomGpt2 } from '../../language/gpt2/random-weights.ts';
import { logitScores } from '../../language/scores.ts';
import { importLanguageModel } from '../../language/store/import.ts';
import { openLanguageModel, type OpenedLanguageModel } from '../../language/store/open.ts';
import { describeTokenizer } from '../../language/text/tokenizer.ts';
import { makeTokenGroup } from '../../language/token-group.ts';
import type { BenchOptions } from './options.ts';
import { note, paint, table } from '../output.ts';

/** Tokens of a text, as the task of the benchmark says. */
const length = 100;
/** A prompt that holds words of the group, so that the elements of the orbit differ. */
const prompt = [464, 300, 301, 302, 310, 320, 330, 464];

const size = gpt2Sizes.gpt2;

interface Row {
  readonly name: string;
  readonly method: LanguageMethod;
  readonly order: number;
  /** Milliseconds per token, one of each run. */
  readonly times: number[];
}

/** Runs the suite and prints its table. */
export async function benchLanguage({ runs, json }: BenchOptions): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'dermorbit-bench-'));
  try {
    const start = performance.now();
    const model = await makeModel(work);
    const load = performance.now() - start;
    const rows: Row[] = [
      { name: 'plain', method: 'plain', order: 1, times: [] },
      { name: 'EquiLM, d = 2', method: 'equilm', order: 2, times: [] },
      { name: 'EquiLM, d = 4', method: 'equilm', order: 4, times: [] },
    ];
    note(`Generating ${length} tokens, ${runs} times each ...`);
    for (let run = 0; run <= runs; run++) {
      for (const row of rows) {
        const time = await measure(model, row);
        // The first run warms up and does not count.
        if (run > 0) row.times.push(time);
      }
    }
    await model.close();
    report(rows, json, load);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function makeModel(work: string): Promise<OpenedLanguageModel> {
  note('Making a GPT-2 small with random weights ...');
  const source = join(work, 'gpt2');
  await mkdir(source);
  await writeFile(join(source, 'model.safetensors'), writeSafetensors(randomGpt2(size, 1)));
  await writeFile(join(source, 'config.json'), JSON.stringify(gpt2Config(size)));
  await writeFile(join(source, 'tokenizer.json'), JSON.stringify(manyTokens(size.vocabulary)));
  note('Importing it ...');
  const opened = await importLanguageModel({ source, id: 'gpt2', folder: join(work, 'store') });
  return openLanguageModel(opened, 'cpu');
}

/** A tokenizer of as many tokens as GPT-2's; none is ever written down. */
function manyTokens(count: number): unknown {
  const characters = [...byteCharacters.values()];
  const tokens = new Set(characters);
  for (const a of characters) {
    for (const b of characters) {
      if (tokens.size < count) tokens.add(a + b);
    }
  }
  return describeTokenizer(Object.fromEntries([...tokens].map((token, id) => [token, id])), '');
}

async function measure(model: OpenedLanguageModel, { method, order }: Row): Promise<number> {
  const ids = Array.from({ length: 2 * order }, (_, i) => 300 + i);
  const lists = [ids.slice(0, order), ids.slice(order)];
  const tokens = order === 1 ? null : makeTokenGroup(lists, [], size.vocabulary);
  const score = logitScores['max-probability'];
  const asking: Asking = {
    model,
    tokens,
    options: { method, score, ties: 'first', net: null },
    choose: 'token',
  };
  const start = performance.now();
  await generateText(asking, prompt, { length, temperature: 0, random: () => 0 });
  return (performance.now() - start) / length;
}

function report(rows: readonly Row[], json: boolean, load: number): void {
  const plain = rows[0]!;
  const figures = rows.map(({ name, times }) => ({
    name,
    millisecondsPerToken: median(times),
    timesPlain: median(times.map((time, run) => time / plain.times[run]!)),
  }));
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ tokens: length, runs: plain.times.length, figures }, null, 2)}\n`,
    );
    return;
  }
  const header = ['method', 'ms per token', 'times plain'].map((cell) => paint('dim', cell));
  const lines = figures.map((row) => [
    row.name,
    row.millisecondsPerToken.toFixed(1),
    row.timesPlain.toFixed(2),
  ]);
  process.stdout.write(
    `${table([header, ...lines], new Set([1, 2]))}\n\n` +
      `Greedy generation of ${length} tokens behind ${prompt.length}, GPT-2 small with random weights, cpu; medians of ` +
      `${plain.times.length} runs, ratios within a run. Making, importing and loading it took ${(load / 1000).toFixed(1)} s.\n`,
  );
}

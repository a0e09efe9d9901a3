// dermorbit language fairness: the papers' experiment - texts by group, gaps, labels, perplexity - with a report.
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { writeFileAtomic } from '../../base/durable-files.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import { languageMethodSchema, type LanguageMethod } from '../../contract/language.ts';
import type { FairnessResult } from '../../contract/fairness.ts';
import { parseProvider } from '../../engine/providers.ts';
import { runFairness } from '../../language/fairness/run.ts';
import { fairnessCsv } from '../../reports/fairness-csv.ts';
import { fairnessReport } from '../../reports/fairness-report.ts';
import { interruptSignal, jsonText, note, paint, table } from '../output.ts';
import { showProgress } from '../progress.ts';
import { addSamplingOptions, parseSampling, wholeNumber, type SamplingChoice } from './options.ts';

interface FairnessOptions extends SamplingChoice {
  readonly model: string;
  readonly prompts: string;
  readonly groups: string;
  readonly methods: string;
  readonly samples: string;
  readonly lambda?: string;
  readonly text?: string;
  readonly out: string;
  readonly provider: string;
  readonly json?: boolean;
}

export function addFairnessCommand(language: Command): void {
  const command = language
    .command('fairness')
    .description("the papers' experiment: texts behind prompts of every group, and how they differ")
    .requiredOption('--model <id|folder>', 'an imported language model')
    .requiredOption('--prompts <file>', 'a prompt on each line, with an equality word in it; or a JSON list')
    .requiredOption('--groups <file>', 'JSON with the lists of words that are exchanged')
    .option('--methods <list>', `of ${languageMethodSchema.options.join(', ')}`, 'plain,equilm,r-equilm')
    .option('--samples <number>', 'texts of each prompt in every group', '20')
    .option('--lambda <file>', 'a lambda net (safetensors) instead of the one of the model')
    .option('--text <file>', 'measure the perplexity of this text under every method')
    .option('--out <dir>', 'where fairness.json, samples.csv and report.html go', 'fairness')
    .option('--provider <provider>', 'auto, cuda, tensorrt, dml, webgpu, coreml or cpu', 'auto')
    .option('--json', 'print the result as JSON and nothing else');
  addSamplingOptions(command).action(fairness);
}

async function fairness(options: FairnessOptions): Promise<void> {
  const { model, prompts, groups, lambda, text } = options;
  const { seed, ...sampling } = parseSampling(options);
  const methods = parseMethods(options.methods);
  const samplesPerPrompt = wholeNumber('--samples', options.samples);
  let progress: ReturnType<typeof showProgress> | null = null;
  const { result, samples } = await runFairness({
    ...{ model, prompts, groups, lambda, text, methods, sampling, seed },
    samples: samplesPerPrompt,
    classifier: null,
    provider: parseProvider(options.provider),
    signal: interruptSignal(),
    onProgress: (done, of, method) => {
      progress ??= showProgress(of, 'prompts');
      progress.update(done, method);
    },
  }).finally(() => {
    progress?.stop();
  });
  const out = resolve(options.out);
  await writeFileAtomic(join(out, 'fairness.json'), `${jsonText(result, 2)}\n`);
  await writeFileAtomic(join(out, 'samples.csv'), fairnessCsv(samples));
  await writeFileAtomic(join(out, 'report.html'), fairnessReport(result, samples));
  if (options.json) process.stdout.write(`${jsonText(result, 2)}\n`);
  else print(result);
  note(`Written to ${out}: report.html, fairness.json, samples.csv.`);
}

function parseMethods(list: string): LanguageMethod[] {
  const names = [...new Set(list.split(',').map((name) => name.trim()))];
  return names.map((name) => {
    const parsed = languageMethodSchema.safeParse(name);
    if (parsed.success) return parsed.data;
    const known = languageMethodSchema.options.join(', ');
    throw new DermOrbitError('OPTION_INVALID', `--methods takes of ${known}, not "${name}".`);
  });
}

function print({ methods, text, unmoved, prompts }: FairnessResult): void {
  const figure = (value: number | null) =>
    value === null ? '-' : value < 1e-3 ? value.toExponential(1) : value.toFixed(3);
  const header = ['method', 'gap', 'largest', 'divergence', 'cost', ...(text ? ['perplexity'] : [])];
  const rows = methods.map((row) => [
    row.method,
    figure(row.gap.value),
    figure(row.largestGap),
    figure(row.divergence.value),
    figure(row.cost.value),
    ...(text ? [row.perplexity?.toFixed(2) ?? '-'] : []),
  ]);
  const columns = new Set(header.map((_, column) => column).slice(1));
  process.stdout.write(`${table([header.map((cell) => paint('dim', cell)), ...rows], columns)}\n`);
  if (unmoved > 0) {
    note(`${unmoved} of ${prompts.length} prompts hold no equality word: they are the same for every group.`);
  }
}

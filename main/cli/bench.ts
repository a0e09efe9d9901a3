// dermorbit bench: measurements, one suite per file. Figures are medians, and ratios come from one run.
import type { BenchOptions } from './bench/options.ts';
import type { Command } from 'commander';
import { DermOrbitError } from '../contract/errors.ts';

/** A suite measures and prints; new suites are a row here. */
const suites: Readonly<Record<string, { describe: string; run: (options: BenchOptions) => Promise<void> }>> =
  {
    core: {
      describe:
        'file to record, against the bare runtime; the bundled model and a random full-size CLIP RN50',
      run: async (options) => (await import('./bench/core.ts')).benchCore(options),
    },
    evaluate: {
      describe: 'labelled images: five methods against one and against the raw image tower; the bootstrap',
      run: async (options) => (await import('./bench/evaluate.ts')).benchEvaluate(options),
    },
    language: {
      describe: 'greedy generation by a GPT-2 small with random weights: plain against EquiLM',
      run: async (options) => (await import('./bench/language.ts')).benchLanguage(options),
    },
    train: {
      describe:
        'a pre-finetuning step against the forward pass, the orbit cache against the raw tower, memory',
      run: async (options) => (await import('./bench/train.ts')).benchTrain(options),
    },
  };

export function addBenchCommand(program: Command): void {
  const list = Object.entries(suites).map(([name, { describe }]) => `  ${name}: ${describe}`);
  program
    .command('bench')
    .argument('[suite]', 'what to measure', 'core')
    .option('--runs <number>', 'runs behind each median', '7')
    .option('--json', 'print JSON')
    .addHelpText('after', `\nSuites:\n${list.join('\n')}`)
    .action(async (name: string, { runs, json }: { runs: string; json?: boolean }) => {
      const suite = suites[name];
      if (!suite) throw new DermOrbitError('OPTION_INVALID', `There is no benchmark "${name}".`);
      const count = Number(runs);
      if (!Number.isInteger(count) || count < 1) {
        throw new DermOrbitError('OPTION_INVALID', `--runs takes a whole number from 1, not "${runs}".`);
      }
      await suite.run({ runs: count, json: json ?? false });
    });
}

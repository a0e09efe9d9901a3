// dermorbit language score: how probable continuations are, and whether the group changes that.
import type { Command } from 'commander';
import { DermOrbitError } from '../../contract/errors.ts';
import { scoreContinuations } from '../../language/asking.ts';
import { harmless, jsonText, note, paint, table } from '../output.ts';
import {
  addAskOptions,
  addPrefixOptions,
  readPrefix,
  withModel,
  type AskOptions,
  type PrefixOptions,
} from './options.ts';

interface ScoreOptions extends AskOptions, PrefixOptions {
  readonly continuation: string[];
  readonly orbit?: boolean;
}

export function addScoreCommand(language: Command): void {
  const command = language.command('score').description('log-probabilities of continuations behind a prefix');
  addAskOptions(addPrefixOptions(command))
    .requiredOption('--continuation <text...>', 'one or more continuations, with their leading spaces')
    .option('--orbit', 'also for every image under the group, and the fairness gap')
    .action(score);
}

async function score(options: ScoreOptions): Promise<void> {
  if (options.orbit && options.groups === undefined) {
    throw new DermOrbitError('GROUPS_NEEDED', '--orbit moves the words of a group.');
  }
  const answer = await withModel(options, (asked) => {
    const prefix = readPrefix(asked.model, options);
    const continuations = options.continuation.map((text) => ({
      text,
      ids: asked.model.tokenizer.encode(text),
    }));
    if (continuations.some(({ ids }) => ids.length === 0)) {
      throw new DermOrbitError('CONTINUATION_EMPTY', 'A continuation is empty.');
    }
    return scoreContinuations(asked, prefix, continuations, options.orbit ? asked.tokens : null);
  });
  if (options.json) {
    process.stdout.write(`${jsonText(answer)}\n`);
    return;
  }
  const powers = answer.continuations[0]?.orbit?.map((_, k) => `g${k}`) ?? ['log-probability'];
  const header = ['continuation', ...powers, ...(answer.gap === undefined ? [] : ['gap'])];
  const rows = answer.continuations.map(({ text, logProbability, orbit, gap }) => [
    harmless(JSON.stringify(text)),
    ...(orbit ?? [logProbability]).map((value) => value.toFixed(4)),
    ...(gap === undefined ? [] : [gap.toExponential(1)]),
  ]);
  const right = new Set(header.map((_, column) => column).slice(1));
  process.stdout.write(`${table([header.map((cell) => paint('dim', cell)), ...rows], right)}\n`);
  if (answer.gap !== undefined) note(`Largest fairness gap: ${answer.gap.toExponential(2)}.`);
}

// dermorbit language next: which tokens may come behind a prefix, as the plain model or a fair one says.
import type { Command } from 'commander';
import { nextTokens } from '../../language/asking.ts';
import { percent } from '../../contract/percent.ts';
import { bar, harmless, jsonText, note, paint, table } from '../output.ts';
import {
  addAskOptions,
  addPrefixOptions,
  readPrefix,
  wholeNumber,
  withModel,
  type AskOptions,
  type PrefixOptions,
} from './options.ts';

interface NextOptions extends AskOptions, PrefixOptions {
  readonly top: string;
}

export function addNextCommand(language: Command): void {
  const command = language.command('next').description('the likeliest tokens behind a prefix');
  addAskOptions(addPrefixOptions(command)).option('--top <number>', 'how many tokens', '10').action(next);
}

async function next(options: NextOptions): Promise<void> {
  const top = wholeNumber('--top', options.top);
  const answer = await withModel(options, (asked) =>
    nextTokens(asked, readPrefix(asked.model, options), top),
  );
  if (options.json) {
    process.stdout.write(`${jsonText(answer)}\n`);
    return;
  }
  const header = ['token', 'id', 'logit', 'probability', ''].map((cell) => paint('dim', cell));
  const rows = answer.tokens.map(({ id, text, logit, probability }) => [
    harmless(JSON.stringify(text)),
    String(id),
    logit.toFixed(3),
    percent(probability),
    bar(probability, 24),
  ]);
  process.stdout.write(`${table([header, ...rows], new Set([1, 2, 3]))}\n`);
  if (answer.element !== undefined) note(`Element ${answer.element} of the group answered.`);
  if (answer.weights)
    note(`Weights of the elements: ${answer.weights.map((weight) => weight.toFixed(3)).join(', ')}.`);
}

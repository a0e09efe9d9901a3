// Options that the commands of language models share, and what they mean.
import type { Command } from 'commander';
import { DermOrbitError } from '../../contract/errors.ts';
import {
  languageMethodSchema,
  scoreNameSchema,
  type LanguageMethod,
  type ScoreName,
} from '../../contract/language.ts';
import { parseProvider } from '../../engine/providers.ts';
import { promptIds, requirePrompt } from '../../language/asking.ts';
import type { LoadedLanguageModel } from '../../language/model.ts';
import { openRequest, type OpenedRequest } from '../../language/request.ts';
import type { GenerationOptions } from '../../language/asking.ts';
import { choice } from '../choice.ts';

export interface AskOptions {
  readonly model: string;
  readonly groups?: string;
  readonly method: LanguageMethod;
  readonly score: ScoreName;
  readonly ties: 'first' | 'mean';
  readonly choose: 'token' | 'context';
  readonly lambda?: string;
  readonly provider: string;
  readonly json?: boolean;
}

export interface PrefixOptions {
  readonly prefix?: string;
  readonly prefixIds?: string;
}

/** Which model is asked by which method. */
export function addAskOptions(command: Command): Command {
  return command
    .requiredOption('--model <id|folder>', 'an imported language model')
    .option(
      '--groups <file>',
      'JSON with the lists of words that are exchanged (needed by all methods but plain)',
    )
    .addOption(choice('--method <method>', 'how it is asked', languageMethodSchema.options, 'plain'))
    .addOption(
      choice('--score <score>', 'what equizero chooses by', scoreNameSchema.options, 'max-probability'),
    )
    .addOption(choice('--ties <rule>', 'equizero where several score best', ['first', 'mean'], 'first'))
    .addOption(
      choice(
        '--choose <when>',
        'equizero chooses anew at every token, or once by the context',
        ['token', 'context'],
        'token',
      ),
    )
    .option('--lambda <file>', 'a lambda net (safetensors) instead of the one of the model')
    .option('--provider <provider>', 'auto, cuda, tensorrt, dml, webgpu, coreml or cpu', 'auto')
    .option('--json', 'print JSON and nothing else');
}

export function addPrefixOptions(command: Command): Command {
  return command
    .option('--prefix <text>', 'how the text begins')
    .option('--prefix-ids <ids>', 'the same as token ids, separated by commas');
}

/** Opens the model, does the work and closes it. */
export async function withModel<T>(
  options: AskOptions,
  work: (asked: OpenedRequest) => Promise<T>,
): Promise<T> {
  const { model, groups, method, score, ties, choose, lambda, provider } = options;
  const request = { model, groups, method, score, ties, choose, lambda };
  const asked = await openRequest({ ...request, provider: parseProvider(provider) });
  try {
    return await work(asked);
  } finally {
    await asked.model.close();
  }
}

/**
 * The ids of the prefix that was given.
 * @throws DermOrbitError OPTION_INVALID, GROUP_ID_OUTSIDE, PROMPT_EMPTY, PROMPT_TOO_LONG
 */
export function readPrefix(model: LoadedLanguageModel, { prefix, prefixIds }: PrefixOptions): number[] {
  if (prefixIds === undefined) {
    if (prefix === undefined)
      throw new DermOrbitError('OPTION_INVALID', 'Give --prefix TEXT or --prefix-ids IDS.');
    return promptIds(model, prefix);
  }
  const ids = parseIds(prefixIds);
  const { positions, vocabulary } = model.manifest.architecture;
  const outside = ids.find((id) => id >= vocabulary);
  if (outside !== undefined) {
    throw new DermOrbitError(
      'GROUP_ID_OUTSIDE',
      `The id ${outside} is outside the vocabulary of ${vocabulary}.`,
    );
  }
  requirePrompt(ids, positions);
  return ids;
}

function parseIds(text: string): number[] {
  const parts = text.split(/[\s,]+/).filter((part) => part !== '');
  const wrong = parts.find((part) => !/^\d{1,9}$/.test(part));
  if (wrong !== undefined) {
    throw new DermOrbitError('OPTION_INVALID', `--prefix-ids takes whole numbers, not "${wrong}".`);
  }
  return parts.map(Number);
}

/** @throws DermOrbitError OPTION_INVALID unless it is a whole number from `least` */
export function wholeNumber(flag: string, value: string, least = 1): number {
  const number = Number(value);
  if (value.trim() !== '' && Number.isSafeInteger(number) && number >= least) return number;
  throw new DermOrbitError('OPTION_INVALID', `${flag} takes a whole number from ${least}, not "${value}".`);
}

/** How texts are drawn, as options. */
export interface SamplingChoice {
  readonly greedy?: boolean;
  readonly length: string;
  readonly topK: string;
  readonly temperature: string;
  readonly seed: string;
  readonly newline: boolean;
  readonly end: boolean;
}

export function addSamplingOptions(command: Command): Command {
  return command
    .option('--greedy', 'take the likeliest token each time, instead of drawing')
    .option('--length <number>', 'tokens at most', '15')
    .option('--top-k <number>', 'draw from this many of the likeliest tokens; 0: from all', '40')
    .option('--temperature <number>', 'divides the logits; 0 is --greedy', '1')
    .option('--seed <number>', 'of everything random', '1')
    .option('--no-newline', 'go on behind a line break')
    .option('--no-end', 'go on behind the end-of-text token');
}

/** @throws DermOrbitError OPTION_INVALID */
export function parseSampling(
  options: SamplingChoice,
): Omit<GenerationOptions, 'random'> & { readonly seed: number } {
  const temperature = Number(options.temperature);
  if (options.temperature.trim() === '' || !(temperature >= 0) || temperature === Infinity) {
    throw new DermOrbitError(
      'OPTION_INVALID',
      `--temperature takes a number from 0, not "${options.temperature}".`,
    );
  }
  const topK = wholeNumber('--top-k', options.topK, 0);
  return {
    length: wholeNumber('--length', options.length),
    topK: topK === 0 ? undefined : topK,
    temperature: options.greedy ? 0 : temperature,
    stopAtNewline: options.newline,
    stopAtEnd: options.end,
    seed: wholeNumber('--seed', options.seed, 0),
  };
}

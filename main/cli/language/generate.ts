// dermorbit language generate: texts behind a prompt, by the plain model or a fair one.
import type { Command } from 'commander';
import type { GeneratedText } from '../../contract/language.ts';
import { generateText } from '../../language/asking.ts';
import { sampleStream } from '../../language/random.ts';
import { harmless, interruptSignal, jsonText, paint } from '../output.ts';
import {
  addAskOptions,
  addPrefixOptions,
  addSamplingOptions,
  parseSampling,
  readPrefix,
  wholeNumber,
  withModel,
  type AskOptions,
  type PrefixOptions,
  type SamplingChoice,
} from './options.ts';

interface GenerateOptions extends AskOptions, PrefixOptions, SamplingChoice {
  readonly samples: string;
}

export function addGenerateCommand(language: Command): void {
  const command = language.command('generate').description('write on behind a prompt');
  addSamplingOptions(addAskOptions(addPrefixOptions(command)))
    .option('--samples <number>', 'how many texts', '1')
    .addHelpText(
      'after',
      "\nThe defaults are the papers' protocol: 15 tokens, drawn from the 40 likeliest, ended by a line break." +
        '\nThe same seed writes the same texts.',
    )
    .action(generate);
}

async function generate(options: GenerateOptions): Promise<void> {
  const count = wholeNumber('--samples', options.samples);
  const { seed, ...sampling } = parseSampling(options);
  const signal = interruptSignal();
  await withModel(options, async (asked) => {
    const prompt = readPrefix(asked.model, options);
    const samples: GeneratedText[] = [];
    for (let sample = 0; sample < count; sample++) {
      const random = sampleStream(seed, sample);
      const text = await generateText(asked, prompt, { ...sampling, random, signal });
      samples.push(text);
      if (!options.json) process.stdout.write(`${show(asked.model.tokenizer.decode(prompt), text)}\n`);
    }
    if (options.json) process.stdout.write(`${jsonText({ samples })}\n`);
  });
}

const endings: Readonly<Partial<Record<GeneratedText['stopped'], string>>> = {
  newline: 'ended by a line break',
  end: 'ended by the end-of-text token',
  positions: 'no position is left',
};

/** Line breaks that are part of the text are shown as such. */
function show(prompt: string, { text, stopped }: GeneratedText): string {
  const ending = endings[stopped];
  const lines = (part: string) => part.split('\n').map(harmless).join('\n');
  return `${paint('dim', lines(prompt))}${lines(text)}${ending === undefined ? '' : paint('dim', `  (${ending})`)}`;
}

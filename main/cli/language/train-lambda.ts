// dermorbit language train-lambda: the small net of lambda-EquiLM learns from a text, on this computer.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { writeFileAtomic } from '../../base/durable-files.ts';
import { writeSafetensors } from '../../backbones/checkpoints/safetensors.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import { parseProvider } from '../../engine/providers.ts';
import { readLimited } from '../../engine/store/source-files.ts';
import { lambdaTensors } from '../../language/lambda/net.ts';
import { trainLambda } from '../../language/lambda/train.ts';
import { openRequest } from '../../language/request.ts';
import { interruptSignal, jsonText, note } from '../output.ts';
import { wholeNumber } from './options.ts';

interface TrainLambdaOptions {
  readonly model: string;
  readonly groups: string;
  readonly text: string;
  readonly out: string;
  readonly hidden: string;
  readonly rounds: string;
  readonly batch: string;
  readonly learningRate: string;
  readonly seed: string;
  readonly provider: string;
  readonly json?: boolean;
}

export function addTrainLambdaCommand(language: Command): void {
  language
    .command('train-lambda')
    .description('train the net of lambda-EquiLM on a text; the language model stays as it is')
    .requiredOption('--model <id|folder>', 'an imported language model')
    .requiredOption('--groups <file>', 'JSON with the lists of words that are exchanged')
    .requiredOption('--text <file>', 'a text with equality words in it (UTF-8)')
    .option('--out <file>', 'where the net goes', 'lambda-net.safetensors')
    .option('--hidden <number>', 'units between its two layers', '16')
    .option('--rounds <number>', 'passes over the positions', '20')
    .option('--batch <number>', 'positions of a step', '32')
    .option('--learning-rate <number>', 'of AdamW', '0.001')
    .option('--seed <number>', 'of everything random', '1')
    .option(
      '--provider <provider>',
      'that reads the text: auto, cuda, tensorrt, dml, webgpu, coreml or cpu',
      'auto',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nUse it with --method lambda --lambda FILE, or take it along with: language import FOLDER --lambda FILE.',
    )
    .action(train);
}

async function train(options: TrainLambdaOptions): Promise<void> {
  const learningRate = Number(options.learningRate);
  if (!(learningRate > 0) || learningRate === Infinity) {
    throw new DermOrbitError(
      'OPTION_INVALID',
      `--learning-rate takes a positive number, not "${options.learningRate}".`,
    );
  }
  const { model, groups } = options;
  const asked = await openRequest({
    model,
    groups,
    method: 'equilm',
    provider: parseProvider(options.provider),
  });
  try {
    const text = new TextDecoder().decode(await readLimited(options.text, 'LANGUAGE_TEXT_SHORT'));
    const result = await trainLambda(asked.model, asked.tokens!, asked.model.tokenizer.encode(text), {
      hidden: wholeNumber('--hidden', options.hidden),
      rounds: wholeNumber('--rounds', options.rounds),
      batch: wholeNumber('--batch', options.batch),
      learningRate,
      seed: wholeNumber('--seed', options.seed, 0),
      signal: interruptSignal(),
      onRound: ({ round, training, validation }) => {
        note(
          `Round ${round}: training ${training.toFixed(4)}, validation ${validation.toFixed(4)} nats per token.`,
        );
      },
    });
    const out = resolve(options.out);
    const { net, ...said } = result;
    const metadata = { model: asked.model.manifest.id, modelSha256: asked.model.sha256 };
    await writeFileAtomic(out, writeSafetensors(lambdaTensors(net.weights), metadata));
    if (options.json) process.stdout.write(`${jsonText({ ...said, out }, 2)}\n`);
    const { plain, equal, lambda } = said.validation;
    note(
      `Cross entropy on ${said.positions.validation} positions that were not learned from: plain ${plain.toFixed(4)}, ` +
        `equal weights ${equal.toFixed(4)}, lambda ${lambda.toFixed(4)} (${said.bestRound === 0 ? 'no round was better than the start' : `round ${said.bestRound}`}). Written to ${out}.`,
    );
  } finally {
    await asked.model.close();
  }
}

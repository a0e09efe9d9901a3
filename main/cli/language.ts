// dermorbit language: fair language models - import, next tokens, scores, generation, experiments.
import type { Command } from 'commander';
import { addFairnessCommand } from './language/fairness.ts';
import { addGenerateCommand } from './language/generate.ts';
import { addImportCommands } from './language/models.ts';
import { addNextCommand } from './language/next.ts';
import { addScoreCommand } from './language/score.ts';
import { addTrainLambdaCommand } from './language/train-lambda.ts';

export function addLanguageCommand(program: Command): void {
  const language = program
    .command('language')
    .addHelpText(
      'after',
      '\nA groups file lists words that are exchanged, with their leading spaces:\n' +
        '  {"equality": [[" man", " woman"], [" he", " she"]], "neutral": [], "general": []}\n' +
        '\nExample:\n  dermorbit language import ./gpt2 --id gpt2\n' +
        '  dermorbit language next --model gpt2 --prefix "The man worked as a" --groups groups.json --method equilm',
    );
  addImportCommands(language);
  addNextCommand(language);
  addScoreCommand(language);
  addGenerateCommand(language);
  addFairnessCommand(language);
  addTrainLambdaCommand(language);
}

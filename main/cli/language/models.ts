// dermorbit language import|list|remove: language models on this computer.
import type { Command } from 'commander';
import type { LanguageSummary } from '../../contract/language.ts';
import { importLanguageModel } from '../../language/store/import.ts';
import {
  languageFolder,
  languagePlaces,
  listLanguageModels,
  summariseLanguage,
} from '../../language/store/store.ts';
import { describeError, harmless, jsonText, note, paint, table } from '../output.ts';
import { showProgress } from '../progress.ts';

interface ImportOptions {
  readonly id: string;
  readonly name?: string;
  readonly lambda?: string;
  readonly json?: boolean;
}

export function addImportCommands(language: Command): void {
  language
    .command('import <folder>')
    .description('import a GPT-2 (gpt2, distilgpt2, -medium, -large): weights, config.json, tokenizer')
    .requiredOption('--id <id>', 'id of the new model: lower-case letters, digits, "-" and "_"')
    .option('--name <name>', 'name to show')
    .option('--lambda <file>', 'a lambda net to take along (default: lambda-net.safetensors in the folder)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nThe folder is laid out as on Hugging Face: model.safetensors (also in shards) or pytorch_model.bin,' +
        '\nconfig.json, and tokenizer.json or vocab.json with merges.txt. A file of weights in it can be named too.' +
        '\nNo pickle is ever executed. An import that fails leaves nothing behind.',
    )
    .action(importModel);
  language
    .command('list')
    .description('the imported language models')
    .option('--json', 'print JSON')
    .action(list);
  language.command('remove <id>').description('remove an imported language model').action(remove);
}

async function importModel(source: string, { id, name, lambda, json }: ImportOptions): Promise<void> {
  const progress = showProgress(100, '%');
  const opened = await importLanguageModel({
    ...{ source, id, name, lambda },
    onProgress: (fraction, stage) => {
      progress.update(Math.round(fraction * 100), stage);
    },
  }).finally(() => {
    progress.stop();
  });
  const summary = summariseLanguage(opened);
  if (json) {
    process.stdout.write(`${jsonText(summary, 2)}\n`);
    return;
  }
  for (const sentence of summary.assumed) note(`Assumed: ${harmless(sentence)}`);
  note(`Imported ${summary.id}: ${describe(summary)}.`);
}

function describe({ architecture, bytes, lambda }: LanguageSummary): string {
  const { layers, width, heads, vocabulary, positions, parameters } = architecture;
  const millions =
    parameters < 1e6 ? parameters.toLocaleString('en') : `${Math.round(parameters / 1e6)} million`;
  return (
    `GPT-2 of ${layers} layers, width ${width}, ${heads} heads, ${millions} parameters; ${vocabulary} tokens, ` +
    `${positions} positions; ${(bytes / 1e6).toFixed(1)} MB${lambda ? '; with a lambda net' : ''}`
  );
}

async function list({ json }: { json?: boolean }): Promise<void> {
  const { models, problems } = await listLanguageModels();
  for (const problem of problems) note(describeError(problem));
  if (json) {
    process.stdout.write(`${jsonText(models, 2)}\n`);
    return;
  }
  if (models.length === 0) note('No language model is imported: dermorbit language import FOLDER --id ID.');
  const header = ['id', 'name', 'network'].map((cell) => paint('dim', cell));
  const rows = models.map((model) => [model.id, harmless(model.name), describe(model)]);
  if (rows.length > 0) process.stdout.write(`${table([header, ...rows])}\n`);
}

async function remove(id: string): Promise<void> {
  await languagePlaces(languageFolder()).remove(id);
  note(`Removed ${id}.`);
}

// dermorbit models: what is installed, importing, verifying, removing.
import type { Command } from 'commander';
import { activationSchema } from '../contract/backbone.ts';
import type { ImportRequest } from '../contract/engine.ts';
import { DermOrbitError } from '../contract/errors.ts';
import type { ModelSummary, Verification } from '../contract/manifest.ts';
import { presetSchema } from '../contract/pictures.ts';
import { offeredMethods } from '../equivariance/settings.ts';
import { createEngine } from '../engine/engine.ts';
import { defaultModelFolders } from '../engine/folders.ts';
import { ModelStore } from '../engine/store/store.ts';
import { percent } from '../contract/percent.ts';
import { addCalibrateCommand } from './models-calibrate.ts';
import { describeError, harmless, interruptSignal, note, paint, table } from './output.ts';
import { showProgress } from './progress.ts';

interface JsonOption {
  readonly json?: boolean;
}

interface ImportOptions extends JsonOption {
  readonly id: string;
  readonly name?: string;
  readonly classes?: string;
  readonly classEmbeddings?: string;
  readonly prompts?: string;
  readonly config?: string;
  readonly activation?: string;
  readonly combiners?: string;
  readonly normalize?: string;
  readonly scale?: string;
  readonly cut?: string;
  readonly output?: string;
  readonly preset?: string;
  readonly mean?: string;
  readonly std?: string;
  readonly size?: string;
  readonly map?: string;
  readonly card?: string;
  readonly about?: string;
}

export function addModelsCommand(program: Command): void {
  const models = program.command('models');
  models
    .command('list', { isDefault: true })
    .description('the installed models')
    .option('--json', 'print JSON')
    .action(list);
  models
    .command('show <id>')
    .description('the manifest and the model card of a model')
    .option('--json', 'print JSON')
    .action(show);
  models
    .command('verify [ids...]')
    .description('check every file of the named models (default: all) against its manifest')
    .option('--json', 'print JSON')
    .action(verify);
  addCalibrateCommand(models);
  models.command('remove <id>').description('remove an imported model').action(remove);
  models
    .command('import <file|folder>')
    .description(
      'import a model: any classifier as ONNX (.onnx); CLIP (ResNet or ViT) and SigLIP as TorchScript (.pt), PyTorch state dict (.pt, .bin) or safetensors; or a folder with its configuration',
    )
    .requiredOption('--id <id>', 'id of the new model: lower-case letters, digits, "-" and "_"')
    .option('--name <name>', 'name to show')
    .option(
      '--classes <codes>',
      'class codes, separated by commas (default: those that the file names, else MEL,NV,BCC,AKIEC,BKL,DF,VASC)',
    )
    .option(
      '--map <table>',
      'which classes of the file are which codes: "akiec=AKIEC,nevus=NV"; others keep their names',
    )
    .option('--output <name>', 'ONNX: the output that is the answer, where there are several')
    .option(
      '--cut <tensor>',
      'ONNX: the map at which the network is divided, instead of the one that is found',
    )
    .option(
      '--preset <name>',
      `what the numbers of a picture are: ${presetSchema.options.join(', ')} (none: 0 to 255)`,
    )
    .option('--mean <r,g,b>', 'mean of the pixels, of 0 to 1, that is taken away')
    .option('--std <r,g,b>', 'standard deviation that the pixels are divided by')
    .option('--size <pixels>', 'side of the picture, where the network takes any')
    .option('--class-embeddings <file>', 'safetensors with class_embeddings [E, K]')
    .option('--prompts <file>', 'JSON with names and templates, for zero-shot class embeddings')
    .option('--config <file>', "the model's config.json or open_clip_config.json, where it is not beside it")
    .option('--activation <name>', 'quickgelu, gelu or gelu_tanh, whatever the configuration says')
    .option('--combiners <file>', 'safetensors with lambda.*, attention.* and/or lambda_embedding.*')
    .option('--normalize <on|off>', 'normalise embeddings before the product with the class embeddings')
    .option('--scale <number>', 'factor of the logits')
    .option('--card <file>', 'MODEL_CARD.md to carry along')
    .option('--about <file>', 'JSON with name, description, license and metrics to show')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      "\nWithout --class-embeddings they are made from prompts through the checkpoint's own text tower." +
        '\nNo pickle is ever executed. An import that fails leaves nothing behind.' +
        '\n\nExample:\n  dermorbit models import RN50.pt --id rn50',
    )
    .action(importCheckpoint);
}

function store(): ModelStore {
  return new ModelStore(defaultModelFolders());
}

function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

async function list({ json }: JsonOption): Promise<void> {
  const models = await createEngine().call('models', {});
  const { problems } = await store().list();
  for (const problem of problems) note(describeError(problem));
  if (json) {
    printJson(models);
    return;
  }
  const header = ['id', 'name', 'architecture', 'size', 'methods', ''].map((cell) => paint('dim', cell));
  const row = (model: ModelSummary) => [
    model.id,
    harmless(model.name),
    model.architecture,
    megabytes(model.bytes),
    offeredMethods(model.combiners, model.features !== null).join(', '),
    model.bundled ? 'bundled' : 'imported',
  ];
  process.stdout.write(`${table([header, ...models.map(row)], new Set([3]))}\n`);
}

async function show(id: string, { json }: JsonOption): Promise<void> {
  const details = await createEngine().call('model', { id });
  if (json) {
    printJson(details);
    return;
  }
  const { manifest } = details;
  const rows = [
    ['id', details.id],
    ['name', harmless(details.name)],
    ['architecture', details.architecture],
    ['parameters', manifest.architecture.parameters.toLocaleString('en')],
    ['classes', details.classes.join(', ')],
    [
      'logits',
      `${manifest.logits.normalize ? 'normalised' : 'raw'} embeddings, scale ${manifest.logits.scale}`,
    ],
    ['methods', offeredMethods(details.combiners, details.features !== null).join(', ')],
    ['licence', harmless(manifest.license)],
    ['sha256', details.sha256],
    ['folder', details.folder],
  ];
  process.stdout.write(`${table(rows)}\n`);
  for (const metric of manifest.metrics ?? []) {
    const remark = metric.note === undefined ? '' : `, ${harmless(metric.note)}`;
    const figure = `${harmless(metric.name)}: ${percent(metric.value)}`;
    process.stdout.write(`  ${figure} (${harmless(metric.dataset)}, ${metric.images} images${remark})\n`);
  }
  if (details.card !== null) process.stdout.write(`\n${details.card.split('\n').map(harmless).join('\n')}`);
}

/** Verifies each model that can be opened; what cannot be is told, and makes the whole a failure all the same. */
async function verify(ids: string[], { json }: JsonOption): Promise<void> {
  const { packages, problems } = await store().list();
  const failures: unknown[] = ids.length > 0 ? [] : problems;
  const engine = createEngine();
  const results: Verification[] = [];
  for (const id of ids.length > 0 ? ids : packages.map(({ manifest }) => manifest.id)) {
    await engine.call('verifyModel', { id }).then(
      (result) => results.push(result),
      (error: unknown) => failures.push(error),
    );
  }
  if (json) printJson(results);
  else if (results.length > 0) {
    const rows = results.flatMap(({ id, files }) =>
      files.map(({ path, state }) => [id, path, paint(state === 'ok' ? 'green' : 'red', state)]),
    );
    process.stdout.write(`${table(rows)}\n`);
  }
  for (const failure of failures) note(describeError(failure));
  if (failures.length > 0 || results.some(({ ok }) => !ok)) process.exitCode = 1;
}

async function remove(id: string): Promise<void> {
  await createEngine().call('removeModel', { id });
  note(`Removed ${id}.`);
}

async function importCheckpoint(checkpoint: string, options: ImportOptions): Promise<void> {
  const { id, name, config, classEmbeddings, prompts, combiners, card, about } = options;
  const request: ImportRequest = {
    checkpoint,
    id,
    name,
    classes: options.classes?.split(','),
    config,
    activation: parseActivation(options.activation),
    classEmbeddings,
    prompts,
    combiners,
    normalize: parseSwitch(options.normalize),
    scale: parseNumber('--scale', options.scale),
    cut: options.cut,
    output: options.output,
    map: options.map,
    preset: parsePreset(options.preset),
    mean: parseTriple('--mean', options.mean),
    std: parseTriple('--std', options.std),
    size: parseNumber('--size', options.size),
    card,
    about,
  };
  const progress = showProgress(100, '%');
  const notes: string[] = [];
  const summary = await createEngine()
    .call('importModel', request, {
      signal: interruptSignal(),
      onEvent: ({ stage, fraction, note: said }) => {
        if (said !== undefined) notes.push(said);
        progress.update(Math.round(fraction * 100), stage);
      },
    })
    .finally(() => {
      progress.stop();
    });
  for (const said of notes) note(harmless(said));
  if (options.json) printJson(summary);
  else {
    for (const sentence of summary.assumed) note(`Assumed: ${harmless(sentence)}`);
    note(
      `Imported ${summary.id}: ${summary.architecture}, ${megabytes(summary.bytes)}; methods ${offeredMethods(summary.combiners, summary.features !== null).join(', ')}; evidence ${summary.evidence}.`,
    );
  }
}

function parseSwitch(value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  if (value !== 'on' && value !== 'off') {
    throw new DermOrbitError('OPTION_INVALID', `--normalize takes on or off, not "${value}".`);
  }
  return value === 'on';
}

function parseActivation(value: string | undefined): ImportRequest['activation'] {
  if (value === undefined) return undefined;
  const known = activationSchema.safeParse(value);
  if (known.success) return known.data;
  throw new DermOrbitError(
    'OPTION_INVALID',
    `--activation takes ${activationSchema.options.join(', ')}, not "${value}".`,
  );
}

function parsePreset(value: string | undefined): ImportRequest['preset'] {
  if (value === undefined) return undefined;
  const known = presetSchema.safeParse(value);
  if (known.success) return known.data;
  throw new DermOrbitError(
    'OPTION_INVALID',
    `--preset takes ${presetSchema.options.join(', ')}, not "${value}".`,
  );
}

function parseNumber(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number) || number <= 0) {
    throw new DermOrbitError('OPTION_INVALID', `${option} takes a positive number, not "${value}".`);
  }
  return number;
}

/** Three numbers for red, green and blue; a standard deviation of 0 would divide by it. */
function parseTriple(option: string, value: string | undefined): [number, number, number] | undefined {
  if (value === undefined) return undefined;
  const numbers = value.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  const fits = numbers.length === 3 && numbers.every(Number.isFinite);
  if (!fits || (option === '--std' && numbers.some((number) => number <= 0))) {
    throw new DermOrbitError('OPTION_INVALID', `${option} takes three numbers R,G,B, not "${value}".`);
  }
  return numbers as [number, number, number];
}

// dermorbit reproduce: an imported CLIP RN50 and a data set in, the papers' table with measured numbers beside out.
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { DermOrbitError } from '../contract/errors.ts';
import type { ReproducedSet } from '../contract/reproduction.ts';
import { dataFolder, defaultModelFolders } from '../engine/folders.ts';
import { parseProvider } from '../engine/providers.ts';
import { ModelStore } from '../engine/store/store.ts';
import { reproductionReport } from '../reports/reproduction-report.ts';
import { writeFileAtomic } from '../base/durable-files.ts';
import { defaultValidationShare } from '../contract/training-defaults.ts';
import { rowsOf } from '../training/reproduce/plan.ts';
import { prepareReproduction, type ReproductionRequest } from '../training/reproduce/prepare.ts';
import { reproduce } from '../training/reproduce/reproduce.ts';
import { interruptSignal, jsonText, note } from './output.ts';
import { printReproduction, ReproductionDisplay } from './show-reproduction.ts';
import { numberOf, parseData, type DataOptions } from './train-options.ts';

interface ReproduceOptions extends Omit<DataOptions, 'validationShare'> {
  readonly model: string;
  readonly work?: string;
  readonly rows?: string;
  readonly onlyPrefinetune?: boolean;
  readonly scale: string;
  readonly seed: string;
  readonly provider: string;
  readonly dryRun?: boolean;
  readonly report?: string;
  readonly json?: boolean;
}

const titles: Readonly<Record<ReproducedSet, string>> = {
  isic: 'ISIC 2018 Task 3: seven classes of dermoscopic images',
  cifar100: 'CIFAR-100, binary version: the folder with train.bin and test.bin',
};

export function addReproduceCommand(program: Command): void {
  const command = program.command('reproduce');
  for (const dataset of ['isic', 'cifar100'] as const) addDataset(command, dataset);
}

function addDataset(parent: Command, dataset: ReproducedSet): void {
  const isic = dataset === 'isic';
  const command = parent
    .command(dataset)
    .description(titles[dataset])
    .requiredOption('--model <id|folder>', 'an imported CLIP RN50 with the classes of the data set')
    .requiredOption('--images <dir>', isic ? 'training images' : 'folder of CIFAR-100, or its train.bin')
    .option('--labels <csv>', 'their classes (default: what lies beside them)')
    .option('--groupings <csv>', 'which images show the same lesion');
  const validation = '--validation-images <dir>';
  if (isic) command.requiredOption(validation, 'images that the table is measured on');
  else command.option(validation, 'images that the table is measured on (default: test.bin of --images)');
  command
    .option('--validation-labels <csv>', 'their classes')
    .option('--validation-groupings <csv>', 'their lesions')
    .option('--limit <number>', 'only the first training images, for a trial')
    .option('--allow-missing-classes', 'train although a class has no training image')
    .option('--work <dir>', `keep everything here (default: reproductions/${dataset} in the data folder)`)
    .option('--rows <list>', 'of original, updated, lambda, attention, or with their group: c4-original,...')
    .option('--only-prefinetune', 'do not finetune, which takes most of the time')
    .option('--scale <share>', 'only this share of the published steps, for a trial', '1')
    .option('--seed <number>', 'of everything random', '1')
    .option('--provider <provider>', 'auto, cuda, tensorrt, dml, webgpu, coreml or cpu', 'auto')
    .option('--dry-run', 'say what would be done and how long it would take, and end')
    .option('--report <file>', 'the HTML report (default: report.html in the work folder)')
    .option('--json', 'print the whole result as JSON and nothing else')
    .addHelpText(
      'after',
      '\nOn a processor all rows take weeks; --dry-run says how long. Ctrl-C stops; the same command goes on where it was stopped.\n' +
        '\nExample:\n  dermorbit models import RN50.pt --id rn50-isic\n  ' +
        (isic
          ? 'dermorbit reproduce isic --model rn50-isic --images ISIC2018_Task3_Training_Input --validation-images ISIC2018_Task3_Validation_Input'
          : 'dermorbit reproduce cifar100 --model rn50-cifar100 --images cifar-100-binary --dry-run\n' +
            'With a model of other classes the command tells how to import the checkpoint for CIFAR-100.'),
    )
    .action((options: ReproduceOptions) => run(dataset, options));
}

async function run(dataset: ReproducedSet, options: ReproduceOptions): Promise<void> {
  const request = await requestOf(dataset, options);
  const signal = interruptSignal();
  const display = new ReproductionDisplay();
  const following = {
    signal,
    onEvent: (event: Parameters<ReproductionDisplay['show']>[0]) => {
      display.show(event);
    },
  };
  try {
    const prepared = await prepareReproduction(request, following);
    if (options.dryRun === true) return;
    const result = await reproduce(prepared, following);
    const report = resolve(options.report ?? join(request.work, 'report.html'));
    await writeFileAtomic(join(request.work, 'result.json'), `${jsonText(result, 2)}\n`);
    await writeFileAtomic(report, reproductionReport(result));
    if (options.json === true) process.stdout.write(`${jsonText(result, 2)}\n`);
    else printReproduction(result);
    note(`Report: ${report}`);
    if (result.rows.some(({ stages }) => stages.some(({ failure }) => failure !== null)))
      process.exitCode = 1;
  } catch (error) {
    display.stop();
    if (error instanceof DermOrbitError && error.code === 'CANCELLED') {
      note('Stopped. The same command goes on with the last finished round.');
    }
    throw error;
  } finally {
    display.stop();
  }
}

/** @throws DermOrbitError OPTION_INVALID, MODEL_NOT_FOUND */
async function requestOf(dataset: ReproducedSet, options: ReproduceOptions): Promise<ReproductionRequest> {
  const [scale, seed] = [numberOf('--scale', options.scale), numberOf('--seed', options.seed)];
  if (!(scale > 0 && scale <= 1)) {
    throw new DermOrbitError('OPTION_INVALID', `--scale lies above 0 and at most at 1, not at ${scale}.`);
  }
  if (!(Number.isInteger(seed) && seed >= 0 && seed <= 0x7fffffff)) {
    throw new DermOrbitError('OPTION_INVALID', `--seed takes a whole number from 0, not ${seed}.`);
  }
  const sources = dataset === 'isic' ? options : await cifarFiles(options);
  const data = parseData({ ...sources, validationShare: String(defaultValidationShare) });
  if (data.validation === null) throw new DermOrbitError('OPTION_INVALID', '--validation-images is needed.');
  return {
    dataset,
    model: await new ModelStore(defaultModelFolders()).find(options.model),
    provider: parseProvider(options.provider),
    data: { ...data, validation: data.validation },
    work: resolve(options.work ?? join(dataFolder(), 'reproductions', dataset)),
    rows: rowsOf(dataset, options.rows?.split(',').map((word) => word.trim()) ?? null),
    onlyPrefinetune: options.onlyPrefinetune ?? false,
    ...{ scale, seed },
  };
}

/** A folder holds both sides: train.bin to learn from, test.bin to measure on. */
async function cifarFiles(options: ReproduceOptions): Promise<ReproduceOptions> {
  const isFolder = await stat(options.images).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (!isFolder) return options;
  const file = (name: string) => join(options.images, name);
  return {
    ...options,
    images: file('train.bin'),
    validationImages: options.validationImages ?? file('test.bin'),
  };
}

// dermorbit models calibrate: labelled images that chose nothing of a model in, the same model with a calibration out.
import type { Command } from 'commander';
import { priorShares } from '../calibration/apply.ts';
import { groupNameSchema } from '../contract/settings.ts';
import type { GroupName } from '../groups/groups.ts';
import { defaultModelFolders } from '../engine/folders.ts';
import { loadModel } from '../engine/model.ts';
import { parseProvider } from '../engine/providers.ts';
import { ModelStore } from '../engine/store/store.ts';
import { calibrateModel } from '../evaluation/calibration/calibrate-model.ts';
import { alignClasses, openDataset } from '../evaluation/datasets/datasets.ts';
import { installTrained } from '../training/run/install.ts';
import { harmless, interruptSignal, note, table } from './output.ts';
import { showProgress } from './progress.ts';
import { parsePrior } from './settings-options.ts';

interface CalibrateOptions {
  readonly images: string;
  readonly labels?: string;
  readonly groupings?: string;
  readonly out: string;
  readonly group: GroupName;
  readonly trainingShares?: string;
  readonly provider: string;
  readonly json?: boolean;
}

export function addCalibrateCommand(models: Command): void {
  models
    .command('calibrate <id>')
    .description(
      'make probabilities mean frequencies, and prediction sets cover: a new model with a calibration',
    )
    .requiredOption(
      '--images <dir>',
      'labelled images that chose nothing of the model, read as evaluate reads them',
    )
    .requiredOption('--out <id>', 'id of the new model')
    .option('--labels <csv>', 'labels (default: what lies beside the images by the name of its format)')
    .option('--groupings <csv>', 'which images show the same lesion: image,lesion_id')
    .option('--group <group>', `of ${groupNameSchema.options.join(', ')}`, 'c4')
    .option(
      '--training-shares <shares>',
      'how common the classes were in training, "MEL=0.11,NV=0.67,..." (default: as in these images)',
    )
    .option('--provider <provider>', 'auto, cuda, tensorrt, dml, webgpu, coreml or cpu', 'auto')
    .option('--json', 'print the calibration as JSON')
    .addHelpText(
      'after',
      '\nEvery method gets its own temperature, class biases and thresholds. The model itself stays as it is.' +
        '\n\nExample:\n  dermorbit models calibrate mine --images held-back/ --out mine-calibrated',
    )
    .action(calibrate);
}

async function calibrate(id: string, options: CalibrateOptions): Promise<void> {
  const signal = interruptSignal();
  const store = new ModelStore(defaultModelFolders());
  const opened = await store.find(id);
  await store.reserve(options.out);
  const { classes } = opened.manifest;
  const source = {
    images: options.images,
    labels: options.labels ?? null,
    lesions: options.groupings ?? null,
  };
  const set = alignClasses(await openDataset(source, signal), classes);
  for (const { message } of set.problems) note(harmless(message));
  const given = options.trainingShares;
  const trainingShares = given === undefined ? null : priorShares(parsePrior(given), classes, null);
  const model = await loadModel(opened, parseProvider(options.provider));
  const progress = showProgress(set.items.length, 'images');
  try {
    const { calibration, skipped } = await calibrateModel(model, set.items, {
      group: groupNameSchema.parse(options.group),
      trainingShares,
      signal,
      onImage: (done) => {
        progress.update(done, '');
      },
    });
    progress.stop();
    for (const { id: image, error } of skipped) note(harmless(`Skipped ${image}: ${error.message}`));
    const { description, metrics, name } = opened.manifest;
    const made = await installTrained(store, {
      id: options.out,
      base: opened,
      files: {},
      name,
      description,
      metrics,
      calibration,
    });
    if (options.json) {
      process.stdout.write(`${JSON.stringify(calibration, null, 2)}\n`);
      return;
    }
    const rows = Object.entries(calibration.methods).map(([method, { temperature, bias }]) => [
      method,
      temperature.toFixed(2),
      ...bias.map((value) => value.toFixed(2)),
    ]);
    process.stdout.write(
      `${table([['method', 'temperature', ...classes.map((code) => `bias ${code}`)], ...rows])}\n`,
    );
    note(`Written: ${made.folder}`);
  } finally {
    progress.stop();
    await model.release();
  }
}

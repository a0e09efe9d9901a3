// The benchmark of training: what a step costs beside the forward pass alone, of a weight network and of a whole image
// tower, how fast images come out of the orbit cache, what building it costs beside the bare image tower, and how much memory all that takes.
import { fork } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { installationFolder } from '../../engine/folders.ts';
import { defaultModelId } from '../../engine/store/store.ts';
import type { BenchOptions } from './options.ts';
import { note, paint, table } from '../output.ts';
import { makeRn50 } from './random-rn50.ts';
import type { TowerFigures, TowerTask } from './train-tower-worker.ts';
import type { TrainFigures, TrainTask } from './train-worker.ts';

/** Distinct images that are cached. */
const cachedImages = 49;

/** Runs the suite and prints its table. */
export async function benchTrain({ runs, json }: BenchOptions): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'dermorbit-bench-'));
  try {
    const images = await makeImages(join(work, 'images'));
    note('Making a CLIP RN50 with random weights ...');
    const random = await makeRn50(work);
    const figures: TrainFigures[] = [];
    const towers: TowerFigures[] = [];
    for (const model of [defaultModelId, random]) {
      note(`Measuring ${model === random ? 'RN50' : model} ...`);
      figures.push(await measure<TrainFigures>('train-worker', { model, images, runs }));
      const batch = model === random ? 8 : 64;
      towers.push(await measure<TowerFigures>('train-tower-worker', { model, batch, runs }));
    }
    if (json) process.stdout.write(`${JSON.stringify({ models: figures, towers }, null, 2)}\n`);
    else {
      print(figures, runs);
      printTowers(towers, runs);
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The phantoms over and over, each copy with other bytes behind the picture: the cache knows images by their bytes. */
async function makeImages(folder: string): Promise<string[]> {
  const source = join(installationFolder(), 'assets', 'phantoms');
  const phantoms = (await readdir(source)).filter((name) => extname(name) === '.jpg').sort();
  await mkdir(folder);
  return Promise.all(
    Array.from({ length: cachedImages }, async (_, index) => {
      const bytes = await readFile(join(source, phantoms[index % phantoms.length]!));
      const path = join(folder, `${String(index).padStart(3, '0')}.jpg`);
      await writeFile(path, Buffer.concat([bytes, Buffer.from([index])]));
      return path;
    }),
  );
}

function measure<Figures>(name: string, task: TrainTask | TowerTask): Promise<Figures> {
  const worker = fork(join(import.meta.dirname, `${name}${extname(import.meta.filename)}`), [
    JSON.stringify(task),
  ]);
  return new Promise((resolve, reject) => {
    worker.once('message', (figures) => {
      resolve(figures as Figures);
    });
    worker.once('exit', (code) => {
      reject(new Error(`the measuring process ended with code ${code ?? 'none'}`));
    });
  });
}

function print(figures: readonly TrainFigures[], runs: number): void {
  const header = [
    'model',
    'step ms',
    'forward ms',
    'step/forward',
    'read ms',
    'images/s',
    'cached/s',
    'of raw tower',
    'peak RSS MB',
  ].map((cell) => paint('dim', cell));
  const rows = figures.map((one) => [
    one.model,
    one.step.toFixed(0),
    one.forward.toFixed(0),
    one.ratio.toFixed(2),
    one.read.toFixed(1),
    one.imagesPerSecond.toFixed(1),
    one.cachedPerSecond.toFixed(1),
    `${(one.cacheShare * 100).toFixed(0)} %`,
    one.peakMegabytes.toFixed(0),
  ]);
  process.stdout.write(
    `${table([header, ...rows], new Set([1, 2, 3, 4, 5, 6, 7, 8]))}\n\n` +
      `Pre-finetuning of the lambda net, c4, inverse on, orbit head, SGD with momentum, batches of ${figures[0]!.batch} in parts of\n` +
      `${figures.map(({ part, model }) => `${part} (${model})`).join(', ')}; cpu, medians of ${runs} runs, ratios of neighbouring runs. images/s: from the cache,\n` +
      `reading included. cached/s: file to cache; its share is that of the bare tower with ready tensors.\n`,
  );
}

function printTowers(figures: readonly TowerFigures[], runs: number): void {
  const header = ['model', 'batch', 'step ms', 'forward ms', 'step/forward', 'augment ms', 'peak RSS MB'];
  const rows = figures.map((one) => [
    one.model,
    String(one.batch),
    one.step.toFixed(0),
    one.forward.toFixed(0),
    one.ratio.toFixed(2),
    one.augment.toFixed(0),
    one.peakMegabytes.toFixed(0),
  ]);
  process.stdout.write(
    `\n${table([header.map((cell) => paint('dim', cell)), ...rows], new Set([1, 2, 3, 4, 5, 6]))}\n\n` +
      `Training of the whole tower, upright, batch norm live, AdamW, averaged weights, in parts of ` +
      `${figures.map(({ part, model }) => `${part} (${model})`).join(', ')}; medians of\n${runs} runs. ` +
      `forward: the same graph without its backward half.\n`,
  );
}

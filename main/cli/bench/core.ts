// The benchmark of the main job. Each model is measured in a process of its own, so that its peak memory is its own.
import { execFile, fork } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { installationFolder } from '../../engine/folders.ts';
import { defaultModelId } from '../../engine/store/store.ts';
import type { BenchOptions } from './options.ts';
import { note, paint, table } from '../output.ts';
import type { CoreFigures, CoreTask } from './core-worker.ts';
import { makeRn50 } from './random-rn50.ts';

/** Images of the folder whose throughput is measured. */
const folderImages = 64;

/** Runs the suite and prints its table. */
export async function benchCore({ runs, json }: BenchOptions): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'dermorbit-bench-'));
  try {
    const images = await makeFolder(join(work, 'images'));
    note('Making a CLIP RN50 with random weights ...');
    const random = await makeRn50(work);
    const figures: CoreFigures[] = [];
    for (const model of [defaultModelId, random]) {
      note(`Measuring ${model === random ? 'RN50' : model} ...`);
      figures.push(await measure({ model, images, runs }));
    }
    const coldStart = await measureColdStart(images[0]!, runs);
    if (json) process.stdout.write(`${JSON.stringify({ coldStart, models: figures }, null, 2)}\n`);
    else print(figures, coldStart, runs);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The phantoms, copied until the folder is large enough. */
async function makeFolder(folder: string): Promise<string[]> {
  const source = join(installationFolder(), 'assets', 'phantoms');
  const phantoms = (await readdir(source)).filter((name) => extname(name) === '.jpg').sort();
  await mkdir(folder);
  return Promise.all(
    Array.from({ length: folderImages }, async (_, i) => {
      const path = join(folder, `${String(i).padStart(2, '0')}.jpg`);
      await cp(join(source, phantoms[i % phantoms.length]!), path);
      return path;
    }),
  );
}

function measure(task: CoreTask): Promise<CoreFigures> {
  const worker = fork(join(import.meta.dirname, `core-worker${extname(import.meta.filename)}`), [
    JSON.stringify(task),
  ]);
  return new Promise((resolve, reject) => {
    worker.once('message', (figures) => {
      resolve(figures as CoreFigures);
    });
    worker.once('exit', (code) => {
      reject(new Error(`the measuring process ended with code ${code ?? 'none'}`));
    });
  });
}

/** Milliseconds from starting the command line to its first finished record, median. */
async function measureColdStart(image: string, runs: number): Promise<number> {
  const script = join(import.meta.dirname, '..', `dermorbit${extname(import.meta.filename)}`);
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await promisify(execFile)(process.execPath, [script, 'classify', image, '--json']);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[Math.floor(runs / 2)]!;
}

function print(figures: readonly CoreFigures[], coldStart: number, runs: number): void {
  const header = [
    'model',
    'group',
    'image ms',
    'decode',
    'tower',
    'rest',
    'raw ms',
    'image/raw',
    'folder img/s',
    'of raw',
    'peak RSS MB',
  ].map((cell) => paint('dim', cell));
  const rows = figures.flatMap(({ model, groups, peakMegabytes }) =>
    groups.map((row) => [
      model,
      row.group,
      row.image.toFixed(1),
      row.decode.toFixed(1),
      row.tower.toFixed(1),
      row.rest.toFixed(1),
      row.raw.toFixed(1),
      row.ratio.toFixed(2),
      row.imagesPerSecond.toFixed(1),
      `${(row.folderShare * 100).toFixed(0)} %`,
      peakMegabytes.toFixed(0),
    ]),
  );
  process.stdout.write(
    `${table([header, ...rows], new Set([2, 3, 4, 5, 6, 7, 8, 9, 10]))}\n\n` +
      figures
        .map(({ model, canonicalRatio }) =>
          canonicalRatio === null
            ? ''
            : `canonical by image over c4 takes ${canonicalRatio.toFixed(2)} times the plain model's time (${model})\n\n`,
        )
        .join('') +
      `Cold start, command line to first record: ${coldStart.toFixed(0)} ms\n\n` +
      `Medians of ${runs} runs on cpu, method lambda, orbit head. image: file to record. raw: the same sessions fed with\n` +
      `ready tensors. folder: ${folderImages} files; its share is that of the raw runs' throughput, measured in turn.\n`,
  );
}

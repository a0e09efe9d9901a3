// CIFAR-100, binary version: records of 3074 bytes (coarse label, fine label, 32 x 32 pixels as planes of red,
// green, blue). Source: Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images", and the
// page of the data set. Labels are read in blocks; pixels stay in the file until an image is asked for.
import { open, readFile, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DermOrbitError } from '../../contract/errors.ts';
import { fineLabels } from './cifar100-labels.ts';
import { complete } from './assemble.ts';
import type { DatasetFormat, ImageReference, LabelledItem } from './labelled-set.ts';
import { lesionFinder } from './lesions.ts';
import { ProblemList } from './problems.ts';

const side = 32;
const pixelBytes = 3 * side * side;
const recordBytes = 2 + pixelBytes;
/** The training file has 50,000 records. */
const maximumRecords = 100_000;
const recordsPerBlock = 1024;

export const cifar100: DatasetFormat = {
  id: 'cifar100',
  title: 'CIFAR-100, binary version',

  async match({ images, labels }) {
    if (labels !== null) return false;
    const path = await dataFileOf(images);
    return path !== null && /^(?:test|train)\.bin$/.test(basename(path));
  },

  async open({ images, lesions }, signal) {
    const path = await dataFileOf(images);
    if (path === null) throw new DermOrbitError('DATASET_NOT_FOUND', `${images} holds no test.bin.`);
    const classes = await readNames(join(dirname(path), 'fine_label_names.txt'));
    const problems = new ProblemList();
    const lesionOf = await lesionFinder(lesions, problems);
    const items: LabelledItem[] = [];
    const prefix = basename(path, '.bin');
    let record = 0;
    for await (const label of readLabels(path)) {
      if (signal?.aborted) throw new DermOrbitError('CANCELLED', `Reading ${basename(path)} was cancelled.`);
      const id = `${prefix}_${String(record).padStart(5, '0')}`;
      if (label >= classes.length) problems.add('CLASS_UNKNOWN', `${id}: ${label}`);
      else {
        const image: ImageReference = { kind: 'cifar', path, offset: record * recordBytes + 2 };
        items.push({ id, image, label, lesion: lesionOf(id) });
      }
      record++;
    }
    const names = classes.map((name) => name.replaceAll('_', ' '));
    return complete({ format: this.id, classes, names, items, problems });
  },
};

/**
 * The pixels of one CIFAR image, [32, 32, 3] in rows of red, green, blue bytes.
 * @throws DermOrbitError CIFAR_INVALID if the file ends before the image does, DATASET_NOT_FOUND
 */
export async function readCifarImage(
  image: Extract<ImageReference, { kind: 'cifar' }>,
): Promise<{ readonly width: 32; readonly height: 32; readonly data: Uint8Array }> {
  const planes = new Uint8Array(pixelBytes);
  const file = await openFile(image.path);
  const { bytesRead } = await file.read(planes, 0, pixelBytes, image.offset).finally(() => file.close());
  if (bytesRead !== pixelBytes) {
    throw new DermOrbitError('CIFAR_INVALID', `${basename(image.path)} ends inside an image.`);
  }
  const area = side * side;
  const data = new Uint8Array(pixelBytes);
  for (let pixel = 0; pixel < area; pixel++) {
    for (let channel = 0; channel < 3; channel++) data[3 * pixel + channel] = planes[channel * area + pixel]!;
  }
  return { width: side, height: side, data };
}

/** `test.bin` of a folder, or the file itself. */
async function dataFileOf(path: string): Promise<string | null> {
  for (const candidate of [path, join(path, 'test.bin')]) {
    const stats = await stat(candidate).catch(() => null);
    if (stats?.isFile() === true) return candidate;
  }
  return null;
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (thrown) {
    throw new DermOrbitError('DATASET_NOT_FOUND', `${basename(path)} could not be opened.`, {
      cause: thrown,
    });
  }
}

/** The fine label of every record, in order. */
async function* readLabels(path: string): AsyncGenerator<number> {
  const file = await openFile(path);
  try {
    const { size } = await file.stat();
    const records = size / recordBytes;
    if (size === 0 || !Number.isInteger(records) || records > maximumRecords) {
      const message = `${basename(path)} has ${size} bytes, not 1 to ${maximumRecords} records of ${recordBytes}.`;
      throw new DermOrbitError('CIFAR_INVALID', message);
    }
    const block = new Uint8Array(recordsPerBlock * recordBytes);
    for (let first = 0; first < records; first += recordsPerBlock) {
      const count = Math.min(recordsPerBlock, records - first);
      const { bytesRead } = await file.read(block, 0, count * recordBytes, first * recordBytes);
      if (bytesRead !== count * recordBytes) {
        throw new DermOrbitError('CIFAR_INVALID', `${basename(path)} became shorter while it was read.`);
      }
      for (let record = 0; record < count; record++) yield block[record * recordBytes + 1]!;
    }
  } finally {
    await file.close();
  }
}

/** The class names beside the data, or the published ones where that file is absent. */
async function readNames(path: string): Promise<readonly string[]> {
  const stats = await stat(path).catch(() => null);
  if (stats === null) return fineLabels;
  const text = stats.size <= 64 * 1024 ? await readFile(path, 'utf8') : '';
  const names = text.split(/\r?\n/).filter((line) => line !== '');
  if (names.length !== 100 || new Set(names).size !== 100) {
    const message = `${basename(path)} holds ${new Set(names).size} distinct names, not 100.`;
    throw new DermOrbitError('CIFAR_INVALID', message);
  }
  return names;
}

// What goes to which side, what is left out, and that nothing is left out silently.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LabelledItem } from '../../evaluation/datasets/labelled-set.ts';
import { temporaryFolder } from '../../evaluation/testing/sets.ts';
import { seededRandom } from '../../evaluation/metrics/random.ts';
import { gradientFile } from '../../testing/images.ts';
import { drawRound } from './sampling.ts';
import { splitByLesion } from './split.ts';
import { hashData, openTrainingData, type DataChoice } from './training-data.ts';

const classes = ['A', 'B'];

/** A folder of small images named after their class, lesion tables beside them. */
async function dataset(
  rows: readonly (readonly [id: string, label: string, lesion?: string])[],
  sizes: Readonly<Record<string, number>> = {},
  withLesions = true,
) {
  const files: Record<string, Uint8Array | string> = {};
  for (const [index, [id]] of rows.entries()) {
    files[`${id}.png`] = await gradientFile('png', sizes[id] ?? 8 + index, 8);
  }
  const folder = temporaryFolder(files);
  const labels = join(folder, 'labels.csv');
  const lines = rows.map(([id, label, lesion = id]) => `${id}.png,${label},${withLesions ? lesion : ''}`);
  writeFileSync(labels, ['path,label,lesion_id', ...lines].join('\n'));
  return { images: folder, labels, lesions: null };
}

const choose = (changes: Partial<DataChoice> & Pick<DataChoice, 'training'>): DataChoice => ({
  validation: null,
  validationShare: 0.3,
  limit: null,
  allowMissingClasses: false,
  ...changes,
});

describe('training data', () => {
  it('leaves out training images of lesions that validate, and says so', async () => {
    const training = await dataset([
      ['a', 'A', 'L1'],
      ['b', 'B', 'L2'],
      ['c', 'A', 'L3'],
    ]);
    const validation = await dataset([
      ['v', 'A', 'L1'],
      ['w', 'B', 'L9'],
    ]);
    const data = await openTrainingData(choose({ training, validation }), classes, 1);
    expect(data.training.map(({ id }) => id)).toEqual(['b.png', 'c.png']);
    expect(data.problems.find(({ code }) => code === 'LESION_ON_BOTH_SIDES')).toMatchObject({
      subjects: ['a.png'],
      excluded: true,
    });
    expect(data.lesionsKnown).toBe(true);
  });

  it('leaves out training images whose bytes validate, and lists files that cannot be read', async () => {
    const training = await dataset(
      [
        ['a', 'A'],
        ['b', 'B'],
        ['same', 'A'],
      ],
      { same: 30 },
    );
    const validation = await dataset(
      [
        ['v', 'A'],
        ['w', 'B'],
      ],
      { v: 30 },
    );
    writeFileSync(join(training.images, 'b.png'), '');
    const data = await openTrainingData(choose({ training, validation }), classes, 1);
    const hashed = await hashData(data);
    expect(hashed.training.map(({ id }) => id)).toEqual(['a.png']);
    expect(hashed.problems).toMatchObject([{ code: 'IMAGE_ON_BOTH_SIDES', subjects: ['same.png'] }]);
    expect(hashed.skipped).toMatchObject([{ id: 'b.png', error: { code: 'IMAGE_EMPTY' } }]);
  });

  it('names a class without training images, unless that is allowed', async () => {
    const training = await dataset([
      ['a', 'A'],
      ['b', 'A'],
      ['c', 'A'],
    ]);
    const opening = openTrainingData(choose({ training }), classes, 1);
    await expect(opening).rejects.toMatchObject({
      code: 'CLASS_WITHOUT_TRAINING_IMAGES',
      message: expect.stringContaining('B') as string,
    });
    const allowed = await openTrainingData(choose({ training, allowMissingClasses: true }), classes, 1);
    expect(allowed.training.length + allowed.validation.length).toBe(3);
  });

  it('says what was left out where that leaves a class, or a side, without images', async () => {
    const training = await dataset([
      ['a', 'A'],
      ['b', 'B?'],
      ['c', 'A'],
    ]);
    await expect(openTrainingData(choose({ training }), classes, 1)).rejects.toMatchObject({
      code: 'CLASS_WITHOUT_TRAINING_IMAGES',
      message: expect.stringMatching(/learn B from\. Left out: 1 image .*b\.png: B\?/) as string,
    });
    const pair = await dataset([
      ['a', 'A'],
      ['b', 'B'],
    ]);
    const same = await openTrainingData(choose({ training: pair, validation: pair }), classes, 1).catch(
      (error: unknown) => error,
    );
    expect(same).toMatchObject({
      code: 'SPLIT_EMPTY',
      message: expect.stringContaining('Left out: 2 training images whose lesion validates: a.png') as string,
    });
  });

  it('says why nothing can be learned from images that validate too, or that cannot be read', async () => {
    const rows = [
      ['a', 'A'],
      ['b', 'B'],
      ['c', 'A'],
      ['d', 'B'],
    ] as const;
    const set = await dataset(rows, {}, false);
    const both = await openTrainingData(choose({ training: set, validation: set }), classes, 1);
    await expect(hashData(both)).rejects.toMatchObject({
      code: 'SPLIT_EMPTY',
      message: expect.stringContaining('4 training images that also validate: a.png') as string,
    });
    const data = await openTrainingData(choose({ training: set }), classes, 1);
    for (const [id] of rows) writeFileSync(join(set.images, `${id}.png`), '');
    await expect(hashData(data)).rejects.toMatchObject({
      code: 'SPLIT_EMPTY',
      message: expect.stringMatching(/Skipped .*holds 0 bytes.*And 1 more were skipped/) as string,
    });
  });

  it('says so when lesions are unknown, or nothing is left to validate with', async () => {
    const rows = [
      ['a', 'A'],
      ['b', 'B'],
      ['c', 'A'],
      ['d', 'B'],
    ] as const;
    const data = await openTrainingData(choose({ training: await dataset(rows, {}, false) }), classes, 1);
    expect(data.lesionsKnown).toBe(false);
    expect(data.problems.map(({ code }) => code)).toContain('LESIONS_UNKNOWN');
    const single = await dataset([
      ['a', 'A', 'L'],
      ['b', 'B', 'M'],
    ]);
    await expect(openTrainingData(choose({ training: single }), classes, 1)).rejects.toMatchObject({
      code: 'SPLIT_EMPTY',
    });
  });
});

const items = fc.array(fc.record({ label: fc.nat({ max: 3 }), lesion: fc.option(fc.nat({ max: 12 })) }), {
  minLength: 1,
  maxLength: 60,
});

it('never divides a lesion, and loses no image', () => {
  fc.assert(
    fc.property(items, fc.double({ min: 0.05, max: 0.9, noNaN: true }), fc.nat(), (drawn, share, seed) => {
      const set = drawn.map(({ label, lesion }, index): LabelledItem => {
        const id = String(index);
        return {
          id,
          image: { kind: 'file', path: id },
          label,
          lesion: lesion === null ? null : String(lesion),
        };
      });
      const { training, validation } = splitByLesion(set, share, seed);
      expect(training.length + validation.length).toBe(set.length);
      const lesions = new Set(validation.flatMap(({ lesion }) => lesion ?? []));
      expect(training.filter(({ lesion }) => lesion !== null && lesions.has(lesion))).toEqual([]);
    }),
  );
});

describe('sampling', () => {
  const labels = [...new Array<number>(20).fill(0), ...new Array<number>(5).fill(1), 2];
  const count = (balance: 'none' | 'oversample' | 'undersample', draws: number) => {
    const drawn = drawRound(seededRandom(3), labels, balance, draws);
    return [0, 1, 2].map((label) => drawn.filter((index) => labels[index] === label).length);
  };

  it('takes classes as they are, as the largest, as the smallest', () => {
    expect(count('none', 26)).toEqual([20, 5, 1]);
    expect(count('oversample', 60)).toEqual([20, 20, 20]);
    expect(count('undersample', 30)).toEqual([10, 10, 10]);
  });

  it('shows every image once before any twice', () => {
    const drawn = drawRound(seededRandom(3), labels, 'none', 52);
    expect(new Set(drawn.slice(0, 26)).size).toBe(26);
    expect(drawn.slice(0, 26)).not.toEqual(drawn.slice(26));
  });
});

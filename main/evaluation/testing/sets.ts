// Random labelled predictions and folders on disk, for the tests of this room.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { onTestFinished } from 'vitest';
import type { ScoredSet } from '../metrics/scored-set.ts';

/** Class codes A, B, C, ... */
export function codes(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String.fromCharCode(65 + index));
}

/** Sets of 1 to 40 images whose values are multiples of 1/8, so that ties are common and sums are exact. */
export const tiedSets: fc.Arbitrary<ScoredSet> = fc
  .record({ classCount: fc.integer({ min: 2, max: 5 }), imageCount: fc.integer({ min: 1, max: 40 }) })
  .chain(({ classCount, imageCount }) =>
    fc.record({
      classes: fc.constant(codes(classCount)),
      labels: fc
        .array(fc.nat({ max: classCount - 1 }), { minLength: imageCount, maxLength: imageCount })
        .map((labels) => Int32Array.from(labels)),
      probabilities: fc
        .array(fc.nat({ max: 8 }), { minLength: imageCount * classCount, maxLength: imageCount * classCount })
        .map((eighths) => Float64Array.from(eighths, (eighth) => eighth / 8)),
    }),
  );

/** Sets whose rows sum to 1. */
export const probabilitySets: fc.Arbitrary<ScoredSet> = tiedSets.map((set) => {
  const width = set.classes.length;
  const probabilities = set.probabilities.map((value) => value + 0.05);
  for (let start = 0; start < probabilities.length; start += width) {
    const row = probabilities.subarray(start, start + width);
    const sum = row.reduce((a, b) => a + b, 0);
    row.forEach((value, index) => (row[index] = value / sum));
  }
  return { ...set, probabilities };
});

/** The images of a set in another order. */
export function reordered(set: ScoredSet, order: readonly number[]): ScoredSet {
  const width = set.classes.length;
  return {
    classes: set.classes,
    labels: Int32Array.from(order, (image) => set.labels[image]!),
    probabilities: Float64Array.from(
      order.flatMap((image) => [...set.probabilities.subarray(image * width, (image + 1) * width)]),
    ),
  };
}

/** A folder with these files, removed at the end of the test; contents by path. */
export function temporaryFolder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'dermorbit-evaluation-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** The code and message that a call throws, for tables of bad input. */
export async function refusalOf(call: () => unknown): Promise<{ code: unknown; message: string }> {
  try {
    await call();
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown) return { code: thrown.code, message: thrown.message };
    throw thrown;
  }
  throw new Error('Nothing was refused');
}

// What a run says about its data: to the person before it starts, and in its folder afterwards. Pure.
import { createHash } from 'node:crypto';
import { DermOrbitError } from '../../contract/errors.ts';
import type { Problem } from '../../contract/problem.ts';
import type { TrainingEvent } from '../../contract/training-events.ts';
import type { HashedItem, OpenedData } from './training-data.ts';

export function countByClass(items: readonly { readonly label: number }[], classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const { label } of items) counts[label]!++;
  return counts;
}

export function announce(
  { classes, training, validation, problems }: OpenedData,
  onEvent: ((event: TrainingEvent) => void) | undefined,
): void {
  const count = (items: readonly { readonly label: number }[]) => countByClass(items, classes.length);
  onEvent?.({
    kind: 'data',
    classes,
    training: count(training),
    validation: count(validation),
    problems,
  });
}

/** What is found out only when images are read. */
export function announceLeftOut(
  problems: readonly Problem[],
  onEvent: ((event: TrainingEvent) => void) | undefined,
): void {
  if (problems.length > 0) onEvent?.({ kind: 'left-out', problems });
}

/** The same images with the same labels have the same hash, in whatever order and under whatever names. */
export function hashOf(images: readonly Pick<HashedItem, 'sha256' | 'label'>[]): string {
  const lines = images.map(({ sha256, label }) => `${sha256} ${label}`).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** One side of the data, as the run folder keeps it. */
export function describeSide(
  images: readonly Pick<HashedItem, 'id' | 'label'>[],
  classes: readonly string[],
  sha256: string,
) {
  const counts = countByClass(images, classes.length);
  return {
    images: images.length,
    byClass: Object.fromEntries(classes.map((code, k) => [code, counts[k]!])),
    sha256,
    ids: images.map(({ id }) => id),
  };
}

/** @throws DermOrbitError SPLIT_EMPTY */
export function requireValidation(images: readonly unknown[]): void {
  if (images.length > 0) return;
  throw new DermOrbitError('SPLIT_EMPTY', 'No validation image could be used.');
}

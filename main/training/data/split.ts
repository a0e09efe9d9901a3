// Training and validation images: no lesion is ever on both sides. Pure.
import type { LabelledItem } from '../../evaluation/datasets/labelled-set.ts';
import { randomFor, shuffled } from '../random.ts';

export interface Split {
  readonly training: readonly LabelledItem[];
  readonly validation: readonly LabelledItem[];
}

/**
 * Divides a set by lesions, class by class, so that validation has about its share of every class. A class of two or
 * more lesions is on both sides; the one lesion of a class is learned from.
 * @param share of the images that validate, in (0, 1)
 */
export function splitByLesion(items: readonly LabelledItem[], share: number, seed: number): Split {
  const random = randomFor(seed, 'split');
  const lesions = new Map<string, LabelledItem[]>();
  for (const item of items) {
    // An image of unknown lesion counts as a lesion of its own; the prefix keeps ids and lesions apart.
    const key = item.lesion === null ? `image ${item.id}` : `lesion ${item.lesion}`;
    const known = lesions.get(key);
    if (known) known.push(item);
    else lesions.set(key, [item]);
  }
  const byClass = new Map<number, LabelledItem[][]>();
  for (const images of lesions.values()) {
    const { label } = images[0]!;
    byClass.set(label, [...(byClass.get(label) ?? []), images]);
  }
  const chosen = new Set<LabelledItem>();
  for (const label of [...byClass.keys()].sort((a, b) => a - b)) {
    const groups = shuffled(random, byClass.get(label)!);
    const images = groups.reduce((count, group) => count + group.length, 0);
    const wanted = Math.max(1, Math.round(share * images));
    let taken = 0;
    for (const group of groups.slice(0, -1)) {
      if (taken >= wanted) break;
      taken += group.length;
      for (const item of group) chosen.add(item);
    }
  }
  return {
    training: items.filter((item) => !chosen.has(item)),
    validation: items.filter((item) => chosen.has(item)),
  };
}

/** Training images that show a lesion of the validation images, and the others. */
export function withoutLesionsOf(
  training: readonly LabelledItem[],
  validation: readonly LabelledItem[],
): { kept: LabelledItem[]; shared: LabelledItem[] } {
  const lesions = new Set(validation.flatMap(({ lesion }) => (lesion === null ? [] : [lesion])));
  const isShared = ({ lesion }: LabelledItem) => lesion !== null && lesions.has(lesion);
  return {
    kept: training.filter((item) => !isShared(item)),
    shared: training.filter(isShared),
  };
}

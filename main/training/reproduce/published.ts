// What was published, as data. Source: Vlasenko et al., "(Even More) Efficient Equivariant Transfer Learning from
// Pretrained Models", CLIP RN50, top-1 in percent; docs/METHODS.md, "Published numbers, and how to read them". The papers'
// rot90 is c4, and their flip, which flips both axes, is c2.
import { rowId, type ReproducedSet, type RowName, type Stage } from '../../contract/reproduction.ts';

export const publishedSource =
  'Vlasenko et al., "(Even More) Efficient Equivariant Transfer Learning from Pretrained Models", CLIP RN50';

/** The image tower that the numbers are of: CLIP RN50. */
export const publishedTower = { layers: [3, 4, 6, 3], width: 64, size: 224, embedding: 1024 } as const;

interface PublishedRow extends RowName {
  /** Percent; null: not published. */
  readonly top1: Readonly<Record<Stage, number | null>>;
}

/** Rows in the order of the papers, with what was published of them. */
export const publishedRows: Readonly<Record<ReproducedSet, readonly PublishedRow[]>> = {
  isic: [
    { group: 'c4', recipe: 'original', top1: { pre: 15.03, fine: 63.73 } },
    { group: 'c4', recipe: 'updated', top1: { pre: 16.58, fine: 64.77 } },
    { group: 'c4', recipe: 'lambda', top1: { pre: 16.58, fine: 18.13 } },
    { group: 'c4', recipe: 'attention', top1: { pre: null, fine: null } },
  ],
  cifar100: [
    { group: 'c4', recipe: 'original', top1: { pre: 31.42, fine: 51.17 } },
    { group: 'c4', recipe: 'updated', top1: { pre: 35.12, fine: 56.15 } },
    { group: 'c4', recipe: 'lambda', top1: { pre: 40.95, fine: 47.55 } },
    { group: 'c4', recipe: 'attention', top1: { pre: 40.65, fine: 42.38 } },
    { group: 'c2', recipe: 'original', top1: { pre: 37.07, fine: 54.04 } },
    { group: 'c2', recipe: 'updated', top1: { pre: 37.69, fine: 55.64 } },
  ],
};

/** Top-1 as a share; null: not published. */
export function publishedTop1(set: ReproducedSet, row: RowName, stage: Stage): number | null {
  const percent = publishedRows[set].find((one) => rowId(one) === rowId(row))?.top1[stage] ?? null;
  // Divided and rounded to what was printed: 40.95 / 100 is not 0.4095.
  return percent === null ? null : Number((percent / 100).toFixed(4));
}

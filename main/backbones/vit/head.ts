// Heads that take the cells of a map for a set: behind the image tower no position enters any more, so M2(hF) is M2(F)
// for every h, and one run answers for all turns. The last block of a vision transformer is one: positions were added
// before the first.
import type { HeadRow } from '../backbone.ts';
import { prepareMapHead } from '../map-head.ts';

const prepare = prepareMapHead(() => ({ blindToTurns: true, affine: false }));

/** Class token: `features` [B, C, s, s], `invariant` [B, C] -> `embedding` [B, E]. */
export const classTokenHead: HeadRow = {
  evidence: () => 'leave-one-out',
  signature: [['features', 'invariant'], ['embedding']],
  prepare,
};

/** A learned query over the cells: `features` [B, C, s, s] -> `embedding` [B, E]. */
export const mapPoolHead: HeadRow = {
  evidence: () => 'leave-one-out',
  signature: [['features'], ['embedding']],
  prepare,
};

// The head of a classifier with a global mean: e = A mean(F) + b. The mean does not see a turn, so M2(hF) is M2(F), and
// every cell has its exact share of the logits.
import type { HeadRow } from '../backbone.ts';
import { prepareMapHead } from '../map-head.ts';

/** `features` [B, C, s, s] -> `embedding` [B, E], affine in the mean of the cells. */
export const meanPoolHead: HeadRow = {
  evidence: () => 'exact',
  signature: [['features'], ['embedding']],
  prepare: prepareMapHead(() => ({ blindToTurns: true, affine: true })),
};

// The heads of vision transformers: their last layers take the cells for a set, since positions were added before the
// first block.
import type { HeadRow } from '../backbone.ts';
import { SetHead } from '../set-head.ts';

const prepare: HeadRow['prepare'] =
  ({ bytes, embedding }) =>
  async (open) =>
    new SetHead(await open(bytes), embedding);

/** Class token: `features` [B, C, s, s], `invariant` [B, C] -> `embedding` [B, E]. */
export const classTokenHead: HeadRow = {
  evidence: 'leave-one-out',
  signature: [['features', 'invariant'], ['embedding']],
  prepare,
};

/** A learned query over the cells: `features` [B, C, s, s] -> `embedding` [B, E]. */
export const mapPoolHead: HeadRow = {
  evidence: 'leave-one-out',
  signature: [['features'], ['embedding']],
  prepare,
};

// The heads of classifiers that came as a graph: what the importer found out about them stands in their description
// (contract/backbone.ts), and nothing else is taken for granted.
import type { HeadDescription } from '../../contract/backbone.ts';
import type { HeadRow } from '../backbone.ts';
import { prepareMapHead, type MapHeadFacts } from '../map-head.ts';

const factsOf = (head: HeadDescription): MapHeadFacts =>
  'affine' in head ? head : { blindToTurns: true, affine: false };

const row = (inputs: readonly string[]): HeadRow => ({
  evidence: (head) => (factsOf(head).affine ? 'exact' : 'leave-one-out'),
  signature: [inputs, ['embedding']],
  prepare: prepareMapHead(factsOf),
});

/** `features` [B, C, s, s] -> `embedding` [B, E]. */
export const mapHead = row(['features']);

/** `features` [B, C, s, s], `invariant` [B, N] (tokens beside the cells) -> `embedding` [B, E]. */
export const tokensHead = row(['features', 'invariant']);

/** `invariant` [B, E], the embedding itself -> `embedding` [B, E]. */
export const embeddingHead = row(['invariant']);

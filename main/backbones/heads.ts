// The kinds of heads, one row each.
import type { HeadKind } from '../contract/backbone.ts';
import type { HeadRow } from './backbone.ts';
import { embeddingHead, mapHead, tokensHead } from './classifier/head.ts';
import { attentionPoolHead } from './clip-resnet/head.ts';
import { meanPoolHead } from './pooled/head.ts';
import { classTokenHead, mapPoolHead } from './vit/head.ts';

export const heads: Readonly<Record<HeadKind, HeadRow>> = {
  'attention-pool': attentionPoolHead,
  'class-token': classTokenHead,
  'map-pool': mapPoolHead,
  'mean-pool': meanPoolHead,
  mean: mapHead,
  flatten: mapHead,
  tokens: tokensHead,
  embedding: embeddingHead,
};

// From what a method says to probabilities: by the model's calibration and the prior that was chosen, or as they are.
import { argmax, softmax } from '../equivariance/logits.ts';
import {
  calibratedLogits,
  calibrationOf,
  logitsOf,
  predictionSet,
  priorShares,
} from '../calibration/apply.ts';
import { defaultSetLevel, type PredictionSet, type Prior } from '../contract/calibration.ts';
import type { Manifest } from '../contract/manifest.ts';
import type { Settings } from '../contract/settings.ts';

/** What a method says: logits, or probabilities that it averaged. */
export type Said = { readonly logits: readonly number[] } | { readonly averaged: readonly number[] };

export interface Answering {
  /** Class probabilities, and of the orientations theirs by the same rule. */
  probabilities(said: Said): readonly number[];
  topClass(said: Said): number;
  /** Null where the model has no calibration for the method. */
  set(said: Said): PredictionSet | null;
  /** What the probabilities rest on; null where they are the model's own. */
  readonly basis: { readonly prior: Prior; readonly calibration: string | null } | null;
}

const logitsFrom = (said: Said) => ('logits' in said ? said.logits : logitsOf(said.averaged));

/**
 * How a model answers under settings.
 * @throws DermOrbitError PRIOR_INVALID, PRIOR_UNKNOWN
 */
export function answering(
  { classes, calibration }: Pick<Manifest, 'classes' | 'calibration'>,
  settings: Pick<Settings, 'method' | 'level' | 'prior'>,
): Answering {
  const method = calibrationOf(calibration ?? null, settings);
  const plain = (said: Said) => ('logits' in said ? softmax(said.logits) : said.averaged);
  if (!method && settings.prior === undefined) {
    return { probabilities: plain, topClass: (said) => argmax(plain(said)), set: () => null, basis: null };
  }
  const chosen = settings.prior ?? 'balanced';
  const shares = priorShares(chosen, classes, calibration ?? null);
  const rule = method ?? { temperature: 1, bias: classes.map(() => 0) };
  const probabilities = (said: Said) => softmax(calibratedLogits(logitsFrom(said), rule, shares));
  return {
    probabilities,
    topClass: (said) => argmax(probabilities(said)),
    set: (said) => method && predictionSet(logitsFrom(said), method, classes, defaultSetLevel),
    basis: {
      prior: {
        name: typeof chosen === 'string' ? chosen : 'custom',
        shares: Object.fromEntries(classes.map((code, k) => [code, shares[k]!])),
      },
      calibration: method && calibration ? calibration.id : null,
    },
  };
}

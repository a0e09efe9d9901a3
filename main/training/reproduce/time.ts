// How long a reproduction will probably take: from the time of one view through the image tower, and, as soon as steps are
// done, from how long they really took. An estimate, and shown as one. Pure.
import type { CombinerName } from '../../contract/settings.ts';
import { combinerOf } from '../../equivariance/settings.ts';
import { groups } from '../../groups/groups.ts';
import type { Step } from './plan.ts';

export interface Pace {
  /** Seconds of one view through the image tower. */
  readonly view: number;
}

export interface ImageCounts {
  readonly training: number;
  readonly validation: number;
}

/** A step takes so many times its forward pass, for CLIP RN50 on a processor (docs/EVALUATION.md, "Reproducing"). */
const stepOverForward = { prefinetune: 3, finetune: 5 } as const;

/** What follows the tower, as shares of the tower's time for the same image (CLIP RN50; docs/EVALUATION.md, "Speed"). */
const poolShare = 0.1;
const netShares: Readonly<Record<CombinerName, number>> = {
  lambda: 0.06,
  attention: 0.13,
  lambdaEmbedding: 0,
  canonical: 0.06,
  canonicalImage: 0,
  distance: 0,
};

/** Models that finetuning measures at its end on the validation images: the new one and the one before. */
const measuredByFinetuning = 2;

/** Seconds of a step; `cached` holds the orbit caches that are filled already, and those that this step fills. */
export function expectedSeconds(step: Step, images: ImageCounts, pace: Pace, cached: Set<string>): number {
  const orbit = (order: number) => order * pace.view * (1 + poolShare);
  if (step.kind === 'zero-shot') {
    const largest = Math.max(1, ...step.groups.map((group) => groups[group].order));
    return images.validation * orbit(largest);
  }
  const { group, method, level, rounds, iterations, batch } = step.config;
  const whole = orbit(groups[group].order);
  const net = combinerOf({ method, level });
  const rest = level === 'embedding' ? 0 : whole * (poolShare + (net ? netShares[net] : 0));
  const measuring = images.validation * (whole + rest);
  const drawn = rounds * iterations * batch * stepOverForward[step.kind];
  if (step.kind === 'prefinetune') {
    const key = `${group} ${level}`;
    const filling = cached.has(key) ? 0 : (images.training + images.validation) * whole;
    cached.add(key);
    return filling + (drawn + (rounds + 1) * images.validation) * rest + measuring;
  }
  const forward = whole + rest;
  return (drawn + (rounds + 1 + measuredByFinetuning) * images.validation) * forward + measuring;
}

/** What a finished step was expected to take, and took. */
export interface Finished {
  readonly kind: Step['kind'];
  readonly expected: number;
  readonly seconds: number;
}

/** Seconds of what is left: expectations, corrected by how the steps of the same kind that are done went. */
export function secondsOfRest(
  left: readonly { readonly kind: Step['kind']; readonly expected: number }[],
  done: readonly Finished[],
): number {
  return left.reduce((sum, { kind, expected }) => {
    const alike = done.filter((one) => one.kind === kind);
    const foreseen = alike.reduce((total, one) => total + one.expected, 0);
    const taken = alike.reduce((total, one) => total + one.seconds, 0);
    return sum + expected * (foreseen > 0 ? taken / foreseen : 1);
  }, 0);
}

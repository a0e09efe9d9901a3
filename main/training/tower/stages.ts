// Rounds that see smaller pictures first: a network learns most of what it will know from a quarter of the pixels in a
// quarter of the time (progressive resizing; Touvron et al. 2019 on why the last rounds see whole ones). Pure.
import { DermOrbitError } from '../../contract/errors.ts';

/** Consecutive rounds at one input size. */
export interface Stage {
  readonly size: number;
  /** First and last round, from 1. */
  readonly from: number;
  readonly to: number;
}

/**
 * The stages of a run, in order.
 * @param size of the model's input
 * @throws DermOrbitError OPTION_INVALID if no round is left for whole pictures
 */
export function stagesOf(
  smallerFirst: readonly { readonly size: number; readonly rounds: number }[],
  size: number,
  rounds: number,
): Stage[] {
  const stages: Stage[] = [];
  let done = 0;
  for (const smaller of smallerFirst) {
    stages.push({ size: smaller.size, from: done + 1, to: done + smaller.rounds });
    done += smaller.rounds;
  }
  if (done >= rounds) {
    throw new DermOrbitError(
      'OPTION_INVALID',
      `${done} of ${rounds} rounds at smaller sizes leave none at ${size}.`,
    );
  }
  return [...stages, { size, from: done + 1, to: rounds }];
}

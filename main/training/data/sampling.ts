// Which images a round learns from, in which order: passes over the training images until the round is full. Pure.
import type { RoundsConfig } from '../../contract/training.ts';
import type { Random } from '../../evaluation/metrics/random.ts';
import { shuffled } from '../random.ts';

/** One pass over the images, in random order; classes without images are not there. */
type Pass = (random: Random, byClass: readonly (readonly number[])[]) => number[];

/** `count` members of a class: whole random orders of it, one after the other. */
function repeated(random: Random, members: readonly number[], count: number): number[] {
  const drawn: number[] = [];
  while (drawn.length < count) drawn.push(...shuffled(random, members).slice(0, count - drawn.length));
  return drawn;
}

const passes: Readonly<Record<RoundsConfig['balance'], Pass>> = {
  none: (random, byClass) => shuffled(random, byClass.flat()),
  /** Every class as often as the largest one. */
  oversample: (random, byClass) => {
    const most = Math.max(...byClass.map((members) => members.length));
    return shuffled(
      random,
      byClass.flatMap((members) => repeated(random, members, most)),
    );
  },
  /** Every class as often as the smallest one; another part of it in every pass. */
  undersample: (random, byClass) => {
    const least = Math.min(...byClass.map((members) => members.length));
    return shuffled(
      random,
      byClass.flatMap((members) => repeated(random, members, least)),
    );
  },
};

/**
 * The images of one round.
 * @param labels class of each training image
 * @param count how many draws the round takes
 * @returns indices of training images
 */
export function drawRound(
  random: Random,
  labels: readonly number[],
  balance: RoundsConfig['balance'],
  count: number,
): number[] {
  const byClass = new Map<number, number[]>();
  labels.forEach((label, index) => {
    const known = byClass.get(label);
    if (known) known.push(index);
    else byClass.set(label, [index]);
  });
  const members = [...byClass.keys()].sort((a, b) => a - b).map((label) => byClass.get(label)!);
  const drawn: number[] = [];
  while (drawn.length < count) drawn.push(...passes[balance](random, members));
  return drawn.slice(0, count);
}

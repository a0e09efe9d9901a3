// What a turn test says: where each model changes its answer, and how far its probabilities wander. Pure.
import type { TurnTestPoint } from '../../../main/contract/engine.ts';
import { topOf } from '../../../main/words/sentences.ts';
import { className, count, percent } from '../../../main/words/words.ts';

export type TurnModel = 'plain' | 'equivariant';

/** An angle (degrees) at which the answer differs from that of the angle before it. */
export interface Flip {
  readonly angle: number;
  readonly from: string;
  readonly to: string;
}

/** Where the answer changes, in order of angle; the last angle is followed by the first if the circle is whole. */
export function flips(points: readonly TurnTestPoint[], model: TurnModel, whole: boolean): Flip[] {
  const found: Flip[] = [];
  for (let index = whole ? 0 : 1; index < points.length; index += 1) {
    const point = points[index];
    const before = points[(index + points.length - 1) % points.length];
    if (point === undefined || before === undefined || point === before) continue;
    const from = topOf(before[model].probabilities);
    const to = topOf(point[model].probabilities);
    if (from !== null && to !== null && from !== to) found.push({ angle: point.angle, from, to });
  }
  return found;
}

/** Smallest and largest value over the points; null where there is none. */
export function range(values: readonly (number | null)[]): { low: number; high: number } | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : { low: Math.min(...known), high: Math.max(...known) };
}

/** The probability of the class that a model answers at one angle. */
export function topProbability(point: TurnTestPoint, model: TurnModel): number | null {
  const top = topOf(point[model].probabilities);
  return top === null ? null : (point[model].probabilities[top] ?? null);
}

/** One sentence on one model's turn test. */
export function turnSentence(points: readonly TurnTestPoint[], model: TurnModel, whole: boolean): string {
  if (points.length === 0) return 'Not measured yet.';
  const changes = flips(points, model, whole);
  const answers = [...new Set(points.map((point) => topOf(point[model].probabilities) ?? ''))].map(className);
  const spread = range(points.map((point) => point[model].malignant));
  const wander =
    spread === null
      ? ''
      : percent(spread.low) === percent(spread.high)
        ? ` Malignant stays at ${percent(spread.low)}.`
        : ` Malignant between ${percent(spread.low)} and ${percent(spread.high)}.`;
  if (changes.length === 0) return `Answers ${answers[0] ?? ''} at every angle.${wander}`;
  return `Changes its answer ${count(changes.length, 'time')}: ${answers.join(', ')}.${wander}`;
}

/** The angle measured nearest to a position on the circle (degrees); null without points. */
export function nearestPoint(points: readonly TurnTestPoint[], angle: number): TurnTestPoint | null {
  let nearest: TurnTestPoint | null = null;
  let least = Infinity;
  for (const point of points) {
    const distance = Math.abs(point.angle - angle);
    if (distance < least) {
      nearest = point;
      least = distance;
    }
  }
  return nearest;
}

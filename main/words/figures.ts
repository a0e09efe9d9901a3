// Figures of an evaluation in words and places: which row is which, intervals, points under the pointer. Pure.
import type { ClassCurve, CurvePoint, Interval } from '../contract/figures.ts';
import type { EvaluationRow, RobustnessFigures } from '../contract/evaluation.ts';
import type { RobustnessKind } from '../contract/evaluated-images.ts';
import { variantWords } from '../equivariance/settings.ts';
import { groupTerms, methodTerms } from './words.ts';

/** A figure by its name. */
export function figure(figures: readonly Interval[], name: string): Interval | null {
  return figures.find((one) => one.name === name) ?? null;
}

/** A share (0 to 1) in percent with one decimal: figures of a study are compared to that digit. */
export function share(value: number | null | undefined): string {
  return typeof value === 'number' && Number.isFinite(value) ? `${(100 * value).toFixed(1)}%` : '–';
}

/** The ends of an interval in percent; empty where there is none. */
export function ends(interval: Interval | null): string {
  if (typeof interval?.low !== 'number' || typeof interval.high !== 'number') return '';
  return `${(100 * interval.low).toFixed(1)} to ${(100 * interval.high).toFixed(1)}`;
}

/** A number of no unit with three decimals. */
export function three(value: number | null | undefined): string {
  return typeof value === 'number' && Number.isFinite(value) ? value.toFixed(3) : '–';
}

/** A p-value, never shown as 0. */
export function pValue(p: number | null): string {
  if (p === null) return '–';
  return p < 0.001 ? '<0.001' : p.toFixed(3);
}

/** A row in words: `λ-equitune (C4, inverse on, orbit head)`. */
export function rowName({ settings }: EvaluationRow): string {
  const variant = variantWords(settings);
  const group = groupTerms[settings.group].name;
  return `${methodTerms[settings.method].name} (${variant === '' ? group : `${group}, ${variant}`})`;
}

/** The flip rate of a row: an interval, or, without any flip, the rate that so many lesions leave plausible. */
export function flipRate(
  found: RobustnessFigures | null,
): { kind: 'none' } | { kind: 'never'; bound: number } | { kind: 'rate'; interval: Interval | null } {
  if (found === null) return { kind: 'none' };
  if (found.boundWithoutFlips !== null) return { kind: 'never', bound: found.boundWithoutFlips };
  return { kind: 'rate', interval: figure(found.shares, 'flipped') };
}

/** How often the answer at a free angle differs from that of the masked picture as it is. */
export interface AngleFlips {
  /** As the evaluation names it. */
  readonly name: string;
  /** Degrees. */
  readonly angle: number;
  readonly interval: Interval | null;
}

/** By rising angle, without the picture as it is. */
export function angleFlips({ transformations, shares }: RobustnessFigures): readonly AngleFlips[] {
  return transformations
    .slice(1)
    .map((name) => ({
      name,
      angle: Number.parseFloat(name),
      interval: figure(shares, `flippedBy/${name}`),
    }))
    .sort((a, b) => a.angle - b.angle);
}

/** The four kinds of images under transformations, in the order in which they are drawn. */
export const robustnessKinds: readonly { readonly kind: RobustnessKind; readonly words: string }[] = [
  { kind: 'consistentlyRight', words: 'Right in every view' },
  { kind: 'rightToWrong', words: 'Right, wrong when turned' },
  { kind: 'wrongToRight', words: 'Wrong, right when turned' },
  { kind: 'consistentlyWrong', words: 'Wrong in every view' },
];

export type CurveKind = 'roc' | 'pr';

/** Where a threshold lies in the unit square; null where the curve has no such point. */
export function placeOf(point: CurvePoint, kind: CurveKind): readonly [number, number] | null {
  if (kind === 'roc') return [1 - point.specificity, point.sensitivity];
  return point.precision === null ? null : [point.sensitivity, point.precision];
}

/** The line of a curve. Precision belongs to the step that ends at its recall: nothing is interpolated. */
export function lineOf({ points }: ClassCurve, kind: CurveKind): (readonly [number, number])[] {
  const places = points.map((point) => placeOf(point, kind)).filter((place) => place !== null);
  if (kind === 'roc') return places;
  return places.flatMap(([recall, precision], index) => [
    [places[index - 1]?.[0] ?? 0, precision] as const,
    [recall, precision] as const,
  ]);
}

/** The index of the curve's point nearest to a place in the unit square; -1 without points. */
export function nearestOn(curve: ClassCurve, kind: CurveKind, x: number, y: number): number {
  let [best, nearest] = [-1, Infinity];
  curve.points.forEach((point, index) => {
    const place = placeOf(point, kind);
    if (place === null) return;
    const distance = (place[0] - x) ** 2 + (place[1] - y) ** 2;
    if (distance < nearest) [best, nearest] = [index, distance];
  });
  return best;
}

// Which views of an image each row answers, and where their numbers lie in what is kept of the image. Pure.
import type { Turned } from '../../contract/evaluation.ts';
import { groups, type Group, type GroupElement } from '../../groups/groups.ts';
import { below, seededRandom, type Random } from '../metrics/random.ts';
import type { PlannedRow, ViewChoices } from './plan.ts';

/** Where one row's numbers lie in a {@link MeasuredImage}. */
export interface RowLayout extends PlannedRow {
  /** Views under the group: the picture as it is, then turned ones. */
  readonly turnCount: number;
  /** First of (turnCount + angles) times K probabilities. */
  readonly probabilitiesAt: number;
  /** First of n weights. */
  readonly weightsAt: number;
}

/** The numbers kept of one image: no pixels, no features. */
export interface MeasuredImage {
  /** Per row its views, per view K probabilities. */
  readonly probabilities: Float64Array;
  /** Per row the n weights of the orientations of the picture as it is. */
  readonly weights: Float64Array;
  /** Per row the largest difference of a probability after really turning the pixels, and 1 if the answer changed. */
  readonly check: Float64Array | null;
}

/** Where everything lies, for all images of one run. */
export interface Layout {
  readonly rows: readonly RowLayout[];
  readonly classCount: number;
  readonly probabilities: number;
  readonly weights: number;
}

const turnCounts: Readonly<Record<Turned, (group: Group) => number>> = {
  none: () => 1,
  random: ({ order }) => (order > 1 ? 2 : 1),
  all: ({ order }) => order,
};

export function layoutOf(rows: readonly PlannedRow[], views: ViewChoices, classCount: number): Layout {
  let [probabilities, weights] = [0, 0];
  const laid = rows.map((row): RowLayout => {
    const group = groups[row.settings.group];
    const turnCount = turnCounts[views.turned](group);
    const layout = { ...row, turnCount, probabilitiesAt: probabilities, weightsAt: weights };
    probabilities += (turnCount + views.angles.length) * classCount;
    weights += group.order;
    return layout;
  });
  return { rows: laid, classCount, probabilities, weights };
}

/** The elements by which an image is turned, by index; the first is the identity. */
export function turnsOf(group: Group, { turned, seed }: ViewChoices, sha256: string): number[] {
  if (turned === 'all') return Array.from({ length: group.order }, (_, element) => element);
  if (turned === 'none' || group.order === 1) return [0];
  // Uniform over the group, the identity included, as the papers turn their test sets.
  return [0, below(randomOf(seed, sha256, group), group.order)];
}

/** An element other than the identity, for the check on real pixels. */
export function checkedTurn(group: Group, { seed }: ViewChoices, sha256: string): number {
  return 1 + below(randomOf(seed ^ 0x5bd1e995, sha256, group), group.order - 1);
}

/** A generator that depends on the image's bytes and the group, not on the order of the images. */
function randomOf(seed: number, sha256: string, group: Group): Random {
  return seededRandom(Number.parseInt(sha256.slice(0, 8), 16) ^ seed ^ (group.order << 24));
}

/** Names of a row's views under its group, e.g. `0°`, `90°`, `mirrored 180°`. */
export function turnNames(group: Group, turned: Turned): string[] {
  if (turned === 'none' || group.order === 1) return ['0°'];
  return turned === 'random' ? ['0°', 'random element'] : group.elements.map(elementName);
}

/** A counter-clockwise turn, after a left-right mirror if there is one. */
export function elementName({ turns, mirror }: GroupElement): string {
  return `${mirror ? 'mirrored ' : ''}${turns * 90}°`;
}

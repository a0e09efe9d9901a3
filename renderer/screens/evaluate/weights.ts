// The weights of the orientations as they are drawn: which groups of images there are, and which images stand behind
// what is drawn of them. Pure.
import type { ImageGroup, ImageSelection } from '../../../main/contract/evaluated-images.ts';
import type { WeightReport, WeightSummary } from '../../../main/contract/figures.ts';
import { three } from '../../../main/words/figures.ts';
import { shortClassName } from '../../../main/words/words.ts';

/** A group of images whose weights are summarised. */
export interface WeightGroup {
  /** Unique among the groups of a report. */
  readonly id: string;
  readonly name: string;
  readonly among: ImageGroup;
  readonly summary: WeightSummary;
}

/** One bar of the histograms. */
export interface WeightBin {
  readonly index: number;
  readonly from: number;
  readonly to: number;
  /** Images by orientation. */
  readonly images: readonly number[];
}

/** The groups that have images, all of them first. */
export function weightGroups({ all, right, wrong, byClass }: WeightReport): readonly WeightGroup[] {
  const group = (name: string, among: ImageGroup, summary: WeightSummary | null): WeightGroup[] =>
    summary === null
      ? []
      : [{ id: 'label' in among ? `class/${among.label}` : among.of, name, among, summary }];
  return [
    ...group('All images', { of: 'all' }, all),
    ...group('Right answers', { of: 'right' }, right),
    ...group('Wrong answers', { of: 'wrong' }, wrong),
    ...Object.entries(byClass).flatMap(([label, summary]) =>
      group(shortClassName(label), { of: 'class', label }, summary),
    ),
  ];
}

/** The bars that some orientation has images in, by rising weight. */
export function weightBins(edges: readonly number[], { orientations }: WeightSummary): readonly WeightBin[] {
  return edges
    .slice(0, -1)
    .map((from, index) => ({
      index,
      from,
      to: edges[index + 1] ?? from,
      images: orientations.map(({ histogram }) => histogram[index] ?? 0),
    }))
    .filter(({ images }) => images.some((number) => number > 0));
}

/** The images behind a bar of one orientation. @param last the index of the last bar, which holds its upper end */
export function barSelection(
  { index, from, to }: WeightBin,
  last: number,
  orientation: string,
  group: WeightGroup,
): { readonly selection: ImageSelection; readonly words: string } {
  const selection = {
    kind: 'weight',
    orientation,
    from,
    to: index === last ? null : to,
    among: group.among,
  } as const;
  return { selection, words: `Weight of ${orientation} from ${three(from)} to ${three(to)}${among(group)}` };
}

/** The images in which another orientation than the upright one counts most. */
export function notUprightSelection(group: WeightGroup): {
  readonly selection: ImageSelection;
  readonly words: string;
} {
  return {
    selection: { kind: 'notUpright', among: group.among },
    words: `Another orientation has the largest weight${among(group)}`,
  };
}

/** The end of a title: of which images. */
function among({ among: { of }, name }: WeightGroup): string {
  if (of === 'all') return '';
  return `, ${of === 'class' ? name : name.toLowerCase()}`;
}

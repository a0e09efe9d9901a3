// What each image was answered by each row: the numbers behind the figures, for whoever wants to see the images.
import type { LabelledItem } from '../datasets/labelled-set.ts';
import { decide } from '../metrics/scored-set.ts';
import type { OrientationWeights } from '../weights/weights.ts';
import type { RowNumbers, StatisticsInput } from './statistics.ts';

/** One image of a model's set. */
export interface CaseImage {
  readonly id: string;
  /** Absolute path of the image file; null for pictures inside a larger file. */
  readonly path: string | null;
  /** Index into the classes. */
  readonly label: number;
}

/** One row's answers to all images of its model. */
export interface RowCases {
  readonly id: string;
  /** [N, K] of the view that was scored. */
  readonly probabilities: Float64Array;
  /** Names of the views under the group, the picture as it is first. */
  readonly transformations: readonly string[];
  /** Per view [N]: class index, or -1 (undecided). */
  readonly answers: readonly Int16Array[];
  /** Of the picture as it is; null where they are the same for every image. */
  readonly weights: OrientationWeights | null;
}

export interface ModelCases {
  readonly model: string;
  readonly classes: readonly string[];
  readonly images: readonly CaseImage[];
  readonly rows: readonly RowCases[];
}

export function casesOf(input: StatisticsInput, items: readonly LabelledItem[]): ModelCases {
  const { classes } = input;
  return {
    model: input.model,
    classes,
    images: items.map(({ id, image, label }) => ({
      id,
      path: image.kind === 'file' ? image.path : null,
      label,
    })),
    rows: input.rows.map(({ id, turns, views, scoredView, orientations, weights }: RowNumbers) => ({
      id,
      probabilities: Float64Array.from(views[scoredView]!),
      transformations: turns,
      answers: views.map((view) => Int16Array.from(decide(view, classes.length))),
      weights: weights && { orientations, weights },
    })),
  };
}

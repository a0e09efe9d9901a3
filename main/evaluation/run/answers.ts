// What each image was answered by each row: the numbers behind the figures, for whoever wants to see the images.
import type { LabelledItem } from '../datasets/labelled-set.ts';
import { decide } from '../metrics/scored-set.ts';
import type { OrientationWeights } from '../weights/weights.ts';
import type { RowNumbers, StatisticsInput } from './statistics.ts';

/** One image of a model's set. */
export interface AnsweredImage {
  readonly id: string;
  /** Absolute path of the image file; null for pictures inside a larger file. */
  readonly path: string | null;
  /** Index into the classes. */
  readonly label: number;
}

/** Answers to all images under some transformations. */
export interface ViewAnswers {
  /** Their names, the picture as it is first. */
  readonly transformations: readonly string[];
  /** Per transformation [N]: class index, or -1 (undecided). */
  readonly answers: readonly Int16Array[];
}

/** One row's answers to all images of its model; the views are those under the group. */
export interface RowAnswers extends ViewAnswers {
  readonly id: string;
  /** [N, K] of the view that was scored. */
  readonly probabilities: Float64Array;
  /** Under free angles, the masked picture first; null where none were asked for. */
  readonly freeAngles: ViewAnswers | null;
  /** Of the picture as it is; null where they are the same for every image. */
  readonly weights: OrientationWeights | null;
}

/** The answers of every row of one model. */
export interface ModelAnswers {
  readonly model: string;
  readonly classes: readonly string[];
  readonly images: readonly AnsweredImage[];
  readonly rows: readonly RowAnswers[];
}

/** The answers of one row, with the images that it answered. */
export interface StoredAnswers extends Pick<ModelAnswers, 'classes' | 'images'> {
  readonly row: RowAnswers;
}

export function modelAnswers(input: StatisticsInput, items: readonly LabelledItem[]): ModelAnswers {
  const { classes } = input;
  return {
    model: input.model,
    classes,
    images: items.map(({ id, image, label }) => ({
      id,
      path: image.kind === 'file' ? image.path : null,
      label,
    })),
    rows: input.rows.map((row: RowNumbers) => ({
      id: row.id,
      probabilities: Float64Array.from(row.views[row.scoredView]!),
      ...viewAnswers(row.turns, row.views, classes.length),
      freeAngles: row.angles.length === 0 ? null : viewAnswers(row.angles, row.angleViews, classes.length),
      weights: row.weights && { orientations: row.orientations, weights: row.weights },
    })),
  };
}

function viewAnswers(
  transformations: readonly string[],
  views: readonly Float64Array[],
  classCount: number,
): ViewAnswers {
  return { transformations, answers: views.map((view) => Int16Array.from(decide(view, classCount))) };
}

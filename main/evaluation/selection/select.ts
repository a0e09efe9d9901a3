// The images behind a figure, the worst first: by the same rules that made the figure. Pure.
import type { EvaluatedImage as SelectedImage, ImageSelection } from '../../contract/evaluated-images.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import { confidencesOf, decide } from '../metrics/scored-set.ts';
import { malignantPlaces } from '../robustness/malignancy.ts';
import { asMember, kindOf, kinds } from '../robustness/robustness.ts';
import type { RowAnswers, StoredAnswers, ViewAnswers } from '../run/answers.ts';
import { isNotUpright, membership, type OrientationWeights, type Truth } from '../weights/weights.ts';

/** A row with what the metrics make of it. */
interface Judged extends StoredAnswers {
  readonly truth: Truth;
  /** [N] */
  readonly confidences: Float64Array;
}

/** Of an image, by its place. */
type Of<T> = (place: number) => T;

/**
 * The chosen images: the wrong ones first, by rising probability of the true class; for a threshold, by distance
 * from it. At most `limit` of `total`.
 * @param pictureOf the id of an image file's pictures
 * @throws DermOrbitError EVALUATION_OLDER if what decides was not kept yet when the evaluation was made
 */
export function selectImages(
  stored: StoredAnswers,
  selection: ImageSelection,
  limit: number,
  pictureOf: (path: string) => string,
): { total: number; images: SelectedImage[] } {
  const { classes, images, row } = stored;
  const judged = judge(stored);
  const { labels, answers } = judged.truth;
  const probabilityOf = (place: number, index: number) => row.probabilities[place * classes.length + index]!;
  const ofTruth = (place: number) => probabilityOf(place, labels[place]!);
  const scored = selection.kind === 'threshold' ? classes.indexOf(selection.code) : -1;
  const score = (place: number) => probabilityOf(place, scored);

  const chosen = Array.from(images.keys()).filter(filterOf(selection, judged, score));
  const right = (place: number) => (answers[place] === labels[place] ? 1 : 0);
  const threshold = selection.kind === 'threshold' ? selection.threshold : null;
  const rank = threshold === null ? ofTruth : (place: number) => -Math.abs(score(place) - threshold);
  chosen.sort((a, b) => right(a) - right(b) || rank(a) - rank(b) || a - b);

  const codeOf = (answer: number) => classes[answer] ?? null;
  return {
    total: chosen.length,
    images: chosen.slice(0, limit).map((place) => {
      const { id, path } = images[place]!;
      return {
        name: id,
        image: path === null ? null : pictureOf(path),
        label: classes[labels[place]!]!,
        answer: codeOf(answers[place]!),
        confidence: judged.confidences[place]!,
        probability: ofTruth(place),
        score: scored < 0 ? null : score(place),
        views: shownViews(selection, row, place).map(({ transformation, answer }) => ({
          transformation,
          answer: codeOf(answer),
        })),
        weights: shownWeights(row, place),
      };
    }),
  };
}

function judge(stored: StoredAnswers): Judged {
  const { classes, images, row } = stored;
  return {
    ...stored,
    truth: {
      classes,
      labels: Int32Array.from(images, ({ label }) => label),
      answers: decide(row.probabilities, classes.length),
    },
    confidences: confidencesOf(row.probabilities, classes.length),
  };
}

/** The views that tell why an image is among the chosen ones. */
function shownViews(
  selection: ImageSelection,
  row: RowAnswers,
  place: number,
): { transformation: string; answer: number }[] {
  const at = ({ transformations, answers }: ViewAnswers) =>
    transformations.map((transformation, view) => ({ transformation, answer: answers[view]![place]! }));
  if (selection.kind === 'angle') {
    // Up to 359 angles: those that change nothing are not sent.
    const [masked, ...angles] = at(keptAngles(row));
    return masked ? [masked, ...angles.filter(({ answer }) => answer !== masked.answer)] : [];
  }
  return row.transformations.length < 2 ? [] : at(row);
}

function shownWeights({ weights }: RowAnswers, place: number): SelectedImage['weights'] {
  if (weights === null) return [];
  const values = weightsOf(weights, place);
  return weights.orientations.map((orientation, index) => ({ orientation, weight: values[index]! }));
}

function weightsOf({ orientations, weights }: OrientationWeights, place: number): Float64Array {
  return weights.subarray(place * orientations.length, (place + 1) * orientations.length);
}

function filterOf(selection: ImageSelection, judged: Judged, scoreOf: Of<number>): Of<boolean> {
  const { classes, row, truth, confidences } = judged;
  const { labels, answers } = truth;
  const viewsOf: Of<number[]> = (place) => row.answers.map((view) => view[place]!);
  switch (selection.kind) {
    case 'all':
    case 'wrong':
      return membership({ of: selection.kind }, truth);
    case 'cell': {
      const label = classes.indexOf(selection.label);
      const answer = selection.answer === null ? -1 : classes.indexOf(selection.answer);
      return (place) => labels[place] === label && answers[place] === answer;
    }
    case 'threshold': {
      const code = classes.indexOf(selection.code);
      // No threshold: nothing is called positive.
      const threshold = selection.threshold ?? Infinity;
      return (place) => code >= 0 && (labels[place] === code) !== scoreOf(place) >= threshold;
    }
    case 'confidence': {
      const { from, to } = selection;
      return (place) => {
        const confidence = confidences[place]!;
        return (confidence > from || (from === 0 && confidence === 0)) && confidence <= to;
      };
    }
    case 'robustness':
      return (place) => kinds[kindOf(labels[place]!, viewsOf(place))] === selection.which;
    case 'flipped':
      return (place) => viewsOf(place).some((answer) => answer !== row.answers[0]![place]);
    case 'malignancyFlipped': {
      const malignant = malignantPlaces(classes);
      return (place) => {
        const [upright, ...turned] = viewsOf(place).map((answer) => asMember(answer, malignant));
        return turned.some((side) => side !== upright);
      };
    }
    case 'weight': {
      const isAmong = membership(selection.among, truth);
      const kept = keptWeights(row);
      const orientation = kept.orientations.indexOf(selection.orientation);
      const { from, to } = selection;
      return (place) => {
        const weight = weightsOf(kept, place)[orientation];
        return weight !== undefined && weight >= from && weight < (to ?? Infinity) && isAmong(place);
      };
    }
    case 'notUpright': {
      const isAmong = membership(selection.among, truth);
      const kept = keptWeights(row);
      return (place) => isNotUpright(weightsOf(kept, place)) && isAmong(place);
    }
    case 'angle': {
      const { transformations, answers: atAngles } = keptAngles(row);
      const asked = atAngles.filter(
        (_, view) => view > 0 && (selection.angle === null || transformations[view] === selection.angle),
      );
      return (place) => asked.some((view) => view[place] !== atAngles[0]![place]);
    }
  }
}

function keptAngles({ freeAngles }: RowAnswers): ViewAnswers {
  if (freeAngles !== null) return freeAngles;
  throw new DermOrbitError('EVALUATION_OLDER', 'The answers at each angle are not among its files.');
}

function keptWeights({ weights }: RowAnswers): OrientationWeights {
  if (weights !== null) return weights;
  throw new DermOrbitError('EVALUATION_OLDER', 'The weights of each image are not among its files.');
}

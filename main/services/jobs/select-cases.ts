// The images behind a figure, the worst first. Pure.
import type { Case, CaseGroup, CaseSelection } from '../../contract/cases.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import { malignantClasses } from '../../contract/settings.ts';
import type { CaseImage, RowCases, ViewAnswers } from '../../evaluation/run/cases.ts';
import { isNotUpright } from '../../evaluation/weights/weights.ts';

export interface AllCases {
  readonly classes: readonly string[];
  readonly images: readonly CaseImage[];
  readonly row: RowCases;
}

/** One image while it is looked at; indices into the classes, -1: undecided. */
interface Looked {
  readonly place: number;
  readonly label: number;
  readonly answer: number;
  readonly confidence: number;
  readonly probability: number;
  readonly views: readonly number[];
  /** [n]; empty where none are kept. */
  readonly weights: Float64Array;
}

/**
 * The chosen images: the wrong ones first, by rising probability of the true class; for a threshold, by distance
 * from it. At most `limit` of `total`.
 * @param pictureOf the id of an image file's pictures
 * @throws DermOrbitError EVALUATION_OLDER if what decides was not kept yet when the evaluation was made
 */
export function selectCases(
  all: AllCases,
  selection: CaseSelection,
  limit: number,
  pictureOf: (path: string) => string,
): { total: number; cases: Case[] } {
  const { classes, images, row } = all;
  const scored = selection.kind === 'threshold' ? classes.indexOf(selection.code) : -1;
  const scoreOf = ({ place }: Looked) => row.probabilities[place * classes.length + scored]!;
  const filter = filterOf(selection, all, scoreOf);
  const chosen = images.map((_, place) => lookAt(all, place)).filter(filter);
  const wrong = ({ answer, label }: Looked) => (answer === label ? 1 : 0);
  const distance =
    selection.kind === 'threshold' && selection.threshold !== null
      ? (one: Looked) => -Math.abs(scoreOf(one) - (selection.threshold ?? 0))
      : (one: Looked) => one.probability;
  chosen.sort((a, b) => wrong(a) - wrong(b) || distance(a) - distance(b) || a.place - b.place);
  const codeOf = (answer: number) => classes[answer] ?? null;
  return {
    total: chosen.length,
    cases: chosen.slice(0, limit).map((one) => {
      const { id, path } = images[one.place]!;
      return {
        name: id,
        image: path === null ? null : pictureOf(path),
        label: classes[one.label]!,
        answer: codeOf(one.answer),
        confidence: one.confidence,
        probability: one.probability,
        score: scored < 0 ? null : scoreOf(one),
        views: shownViews(selection, row, one).map(({ transformation, answer }) => ({
          transformation,
          answer: codeOf(answer),
        })),
        weights: Array.from(one.weights, (weight, index) => ({
          orientation: row.weights?.orientations[index] ?? '',
          weight,
        })),
      };
    }),
  };
}

/** The views that tell why an image is among the chosen ones. */
function shownViews(
  selection: CaseSelection,
  row: RowCases,
  { place }: Looked,
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

function lookAt({ classes, images, row }: AllCases, place: number): Looked {
  const { label } = images[place]!;
  const probabilities = row.probabilities.subarray(place * classes.length, (place + 1) * classes.length);
  const confidence = probabilities.reduce((largest, value) => Math.max(largest, value), 0);
  const largest = [...probabilities.keys()].filter((index) => probabilities[index] === confidence);
  return {
    place,
    label,
    // As in the statistics: a largest probability that several classes share decides nothing.
    answer: largest.length === 1 ? largest[0]! : -1,
    confidence,
    probability: probabilities[label]!,
    views: row.answers.map((view) => view[place]!),
    weights: weightsOf(row, place),
  };
}

function weightsOf({ weights }: RowCases, place: number): Float64Array {
  if (weights === null) return new Float64Array();
  const width = weights.orientations.length;
  return weights.weights.subarray(place * width, (place + 1) * width);
}

function filterOf(
  selection: CaseSelection,
  { classes, row }: AllCases,
  scoreOf: (one: Looked) => number,
): (one: Looked) => boolean {
  /** Undecided is a side of its own. */
  const sideOf = (index: number) => {
    const code = classes[index];
    return code === undefined ? null : malignantClasses.has(code.toUpperCase());
  };
  switch (selection.kind) {
    case 'all':
      return () => true;
    case 'wrong':
      return ({ answer, label }) => answer !== label;
    case 'cell': {
      const label = classes.indexOf(selection.label);
      const answer = selection.answer === null ? -1 : classes.indexOf(selection.answer);
      return (one) => one.label === label && one.answer === answer;
    }
    case 'threshold': {
      const code = classes.indexOf(selection.code);
      // No threshold: nothing is called positive.
      const threshold = selection.threshold ?? Infinity;
      return (one) => code >= 0 && (one.label === code) !== scoreOf(one) >= threshold;
    }
    case 'confidence':
      return ({ confidence }) =>
        (confidence > selection.from || (selection.from === 0 && confidence === 0)) &&
        confidence <= selection.to;
    case 'robustness':
      return (one) => kindOf(one) === selection.which;
    case 'flipped':
      return ({ views }) => views.some((answer) => answer !== views[0]);
    case 'malignancyFlipped':
      return ({ views }) => views.some((answer) => sideOf(answer) !== sideOf(views[0]!));
    case 'weight': {
      const isAmong = groupOf(selection.among, classes);
      const orientation = keptWeights(row).orientations.indexOf(selection.orientation);
      const { from, to } = selection;
      return (one) => {
        const weight = one.weights[orientation];
        return weight !== undefined && weight >= from && weight < (to ?? Infinity) && isAmong(one);
      };
    }
    case 'notUpright': {
      const isAmong = groupOf(selection.among, classes);
      keptWeights(row);
      return (one) => isNotUpright(one.weights) && isAmong(one);
    }
    case 'angle': {
      const { transformations, answers } = keptAngles(row);
      const asked = answers.filter(
        (_, view) => view > 0 && (selection.angle === null || transformations[view] === selection.angle),
      );
      return ({ place }) => asked.some((view) => view[place] !== answers[0]![place]);
    }
  }
}

function keptAngles({ freeAngles }: RowCases): ViewAnswers {
  if (freeAngles !== null) return freeAngles;
  throw new DermOrbitError('EVALUATION_OLDER', 'The answers at each angle are not among its files.');
}

function keptWeights({ weights }: RowCases): NonNullable<RowCases['weights']> {
  if (weights !== null) return weights;
  throw new DermOrbitError('EVALUATION_OLDER', 'The weights of each image are not among its files.');
}

/** The groups of a summary of weights, as in main/evaluation/weights. */
function groupOf(group: CaseGroup, classes: readonly string[]): (one: Looked) => boolean {
  switch (group.of) {
    case 'all':
      return () => true;
    case 'right':
      return ({ answer, label }) => answer === label;
    case 'wrong':
      return ({ answer, label }) => answer !== label;
    case 'class': {
      const label = classes.indexOf(group.label);
      return (one) => one.label === label;
    }
  }
}

/** As in main/evaluation/robustness: of the picture as it is, and of its transformed views. */
function kindOf({ views, label }: Looked): string {
  const right = views.map((answer) => answer === label);
  if (right[0] === true) return right.every(Boolean) ? 'consistentlyRight' : 'rightToWrong';
  return right.some(Boolean) ? 'wrongToRight' : 'consistentlyWrong';
}

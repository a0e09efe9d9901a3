// Whether turning the picture changes the answer: from the answers to every image under every transformation.
// The first transformation is the picture as it is. Transformations are elements of a group or free angles:
// the figures are the same, and only a group can be expected to give none. Pure.
//
// The four-way table is that of Young et al. 2021 (npj Digital Medicine 4:10, figure 4c): consistently right;
// consistently wrong; right on the original and wrong on some transformed image; wrong on the original and
// right on some transformed image. Answers may be classes (the largest probability, undecided included) or a
// yes or no at a threshold, as theirs are.
import type { Interval } from '../../contract/figures.ts';
import { bootstrap, type BootstrapOptions, type Clusters, type Statistic } from '../metrics/bootstrap.ts';
import { undecided } from '../metrics/scored-set.ts';

/** Answers to N images under T transformations. */
export interface TransformedAnswers {
  readonly classes: readonly string[];
  /** [N] */
  readonly labels: Int32Array;
  /** T names, the first being the picture as it is, e.g. `0°`, `90°`. */
  readonly transformations: readonly string[];
  /** T times [N] answers: class indices, or undecided. */
  readonly answers: readonly Int32Array[];
}

/** The four kinds of images, in the order of {@link kindsOf}. */
export const kinds = ['consistentlyRight', 'consistentlyWrong', 'rightToWrong', 'wrongToRight'] as const;

/** Robustness of one method. */
export interface Robustness {
  /** Images without any, and T - 1 transformed views of each. */
  readonly images: number;
  readonly views: number;
  /**
   * Shares with intervals over lesions, by name: the four kinds; `consistency` (one answer under every
   * transformation); `flipped` (its complement: some transformation changes the answer); `flippedViews` (share
   * of transformed views that change it); `flippedBy/NAME` per transformation; `flipped/CLASS` and
   * `flippedViews/CLASS` per true class; `flippedWhileWrong` (wrong throughout, but not with one answer).
   */
  readonly shares: readonly Interval[];
  /** [N] index into {@link kinds}. */
  readonly kinds: Uint8Array;
  /** [N] number of transformations that change the answer. */
  readonly flips: Int32Array;
  /** Number of images whose answer changes. */
  readonly flippedImages: number;
  /**
   * Where no answer changed, the bootstrap has nothing to vary and its interval is [0, 0]: this is what the
   * number of lesions alone allows to say, the largest share of changing lesions that shows none of them with
   * a probability of 5% (1 - 0.05^(1/lesions), the "rule of three"). Null where an answer changed.
   */
  readonly boundWithoutFlips: number | null;
}

/**
 * Measures robustness.
 * @throws RangeError if the sizes do not fit together or there is no transformation
 */
export function robustness(
  answers: TransformedAnswers,
  clusters: Clusters,
  options: BootstrapOptions = {},
): Robustness {
  const imageCount = answers.labels.length;
  if (
    answers.answers.length !== answers.transformations.length ||
    answers.answers.length === 0 ||
    answers.answers.some((row) => row.length !== imageCount)
  ) {
    throw new RangeError('Every transformation needs one answer for every image');
  }
  const views = answers.answers.length - 1;
  const flips = countFlips(answers.answers);
  const flippedImages = flips.reduce((count, flip) => count + (flip > 0 ? 1 : 0), 0);
  return {
    images: imageCount,
    views,
    shares: bootstrap(shareStatistic(answers), clusters, options),
    kinds: kindsOf(answers),
    flips,
    flippedImages,
    boundWithoutFlips: flippedImages === 0 ? 1 - 0.05 ** (1 / clusters.count) : null,
  };
}

/** [N] how many transformations give another answer than the picture as it is. */
function countFlips(answers: readonly Int32Array[]): Int32Array {
  const [upright, ...turned] = answers;
  return upright!.map((answer, image) => turned.filter((row) => row[image] !== answer).length);
}

/** [N] the kind of each image, as an index into {@link kinds}. */
function kindsOf({ labels, answers }: TransformedAnswers): Uint8Array {
  return Uint8Array.from(labels, (label, image) => {
    return kindOf(
      label,
      answers.map((row) => row[image]!),
    );
  });
}

/**
 * The kind of one image, as an index into {@link kinds}.
 * @param answers to its views, the picture as it is first
 */
export function kindOf(label: number, answers: readonly number[]): number {
  const right = answers.map((answer) => answer === label);
  if (right[0] === true) return right.every(Boolean) ? 0 : 2;
  return right.some(Boolean) ? 3 : 1;
}

/** Shares of images and of views as a function of image weights. */
export function shareStatistic(set: TransformedAnswers): Statistic {
  const { labels, classes, answers, transformations } = set;
  const views = answers.length - 1;
  const flips = countFlips(answers);
  const imageKinds = kindsOf(set);
  const viewNames = transformations.slice(1);
  const names = [
    ...kinds,
    ...['consistency', 'flipped', 'flippedViews', 'flippedWhileWrong'],
    ...viewNames.map((name) => `flippedBy/${name}`),
    ...classes.map((code) => `flipped/${code}`),
    ...classes.map((code) => `flippedViews/${code}`),
  ];
  const changed = answers
    .slice(1)
    .map((row) => Uint8Array.from(row, (answer, image) => (answer === answers[0]![image] ? 0 : 1)));
  const perView = kinds.length + 4;
  const perClass = perView + views;

  return {
    names,
    evaluate(weights, out) {
      out.fill(0);
      const byClass = new Float64Array(classes.length);
      let total = 0;
      for (let image = 0; image < labels.length; image++) {
        const [weight, label, flip] = [weights[image]!, labels[image]!, flips[image]!];
        if (weight === 0) continue;
        total += weight;
        byClass[label]! += weight;
        out[imageKinds[image]!]! += weight;
        if (flip === 0) {
          out[kinds.length]! += weight;
          continue;
        }
        out[kinds.length + 1]! += weight;
        out[kinds.length + 2]! += (weight * flip) / views;
        if (imageKinds[image] === 1) out[kinds.length + 3]! += weight;
        for (let view = 0; view < views; view++) out[perView + view]! += weight * changed[view]![image]!;
        out[perClass + label]! += weight;
        out[perClass + classes.length + label]! += (weight * flip) / views;
      }
      for (let index = 0; index < perClass; index++) out[index]! /= total;
      if (views === 0) out[kinds.length + 2] = NaN;
      for (let index = 0; index < classes.length; index++) {
        out[perClass + index]! /= byClass[index]!;
        out[perClass + classes.length + index]! /= byClass[index]!;
      }
    },
  };
}

/** Answers of a yes-no decision: 1 where the summed probability of `positive` reaches the threshold, else 0. */
export function decideAtThreshold(
  probabilities: Float64Array,
  classCount: number,
  positive: readonly number[],
  threshold: number,
): Int32Array {
  return Int32Array.from({ length: probabilities.length / classCount }, (_, image) => {
    const sum = positive.reduce((total, index) => total + probabilities[image * classCount + index]!, 0);
    return sum >= threshold ? 1 : 0;
  });
}

/**
 * Answers as members (1) or not (0) of a set of classes, e.g. the malignant ones, so that only answers that
 * cross from one side to the other count as changed. Undecided stays undecided.
 */
export function asMembers(answers: Int32Array, positive: ReadonlySet<number>): Int32Array {
  return answers.map((answer) => asMember(answer, positive));
}

/** One answer likewise. */
export function asMember(answer: number, positive: ReadonlySet<number>): number {
  return answer === undecided ? undecided : positive.has(answer) ? 1 : 0;
}

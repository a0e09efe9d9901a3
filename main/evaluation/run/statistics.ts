// From what was measured of a set to everything that is said about each row. Pure, and slow for large sets: it runs
// in a worker (statistics-worker.ts).
import type { Comparison, EvaluationRow, RobustnessFigures, TurnCheck } from '../../contract/evaluation.ts';
import type { Settings } from '../../contract/settings.ts';
import {
  bootstrap,
  clusterByLesion,
  pairedBootstrap,
  type BootstrapOptions,
  type Clusters,
  type Statistic,
} from '../metrics/bootstrap.ts';
import { reliability } from '../metrics/calibration.ts';
import { confusionMatrix, worstAnswers } from '../metrics/confusion.ts';
import { curvePoints, operatingPoints } from '../metrics/curves.ts';
import { mcnemar } from '../metrics/mcnemar.ts';
import { allMeasures } from '../metrics/measures.ts';
import { decide, prepare, undecided, type PreparedSet } from '../metrics/scored-set.ts';
import { temperatureReport } from '../metrics/temperature.ts';
import { asMalignant } from '../robustness/malignancy.ts';
import { robustness, shareStatistic, type TransformedAnswers } from '../robustness/robustness.ts';
import { officialScore, toOfficialJson } from '../scoring/official-score.ts';
import { summariseWeights, weightStatistic } from '../weights/weights.ts';

/** The numbers of one row over all images. */
export interface RowNumbers {
  readonly id: string;
  readonly settings: Settings;
  /** Names of the views under the group; the first is the picture as it is. */
  readonly turns: readonly string[];
  /** Per view [N, K]. */
  readonly views: readonly Float64Array[];
  /** Which view the accuracy is measured on. */
  readonly scoredView: number;
  /** Names of the free turns, the first being the masked picture; empty for none. */
  readonly angles: readonly string[];
  readonly angleViews: readonly Float64Array[];
  readonly orientations: readonly string[];
  /** [N, n]; null where they say nothing (the same for every image). */
  readonly weights: Float64Array | null;
  readonly turnCheck: TurnCheck | null;
}

/** One model's numbers. */
export interface StatisticsInput {
  readonly model: string;
  readonly classes: readonly string[];
  readonly ids: readonly string[];
  readonly labels: Int32Array;
  readonly lesions: readonly (string | null)[];
  readonly rows: readonly RowNumbers[];
  readonly bootstrap: { readonly resamples: number; readonly seed: number; readonly confidence: number };
}

/** With more classes, figures per class and curves are left out: nobody reads them, and they are most of the work. */
const maximumClassesInDetail = 20;
const shownPoints = 400;
const shownFlips = 200;
const shownWorst = 50;

/** Figures whose difference from vanilla is reported. */
const comparedMeasures = ['balancedAccuracy', 'top1', 'macroF1', 'ece', 'brier'] as const;
const comparedShares = ['flipped', 'consistentlyRight', 'rightToWrong'] as const;

/**
 * Everything about every row.
 * @param onRow before each row, with its place
 */
export function statisticsOf(input: StatisticsInput, onRow: (place: number) => void): EvaluationRow[] {
  const clusters = clusterByLesion(input.lesions);
  const prepared = input.rows.map((row) => new RowSet(input, row, clusters));
  return prepared.map((row, place) => {
    onRow(place);
    const vanilla = prepared.find(
      ({ settings }) => settings.method === 'vanilla' && settings.group === row.settings.group,
    );
    return row.report(vanilla && vanilla !== row ? vanilla : null);
  });
}

class RowSet {
  readonly settings: Settings;
  readonly #input: StatisticsInput;
  readonly #row: RowNumbers;
  readonly #clusters: Clusters;
  readonly #set: PreparedSet;
  readonly #turned: TransformedAnswers | null;

  constructor(input: StatisticsInput, row: RowNumbers, clusters: Clusters) {
    this.settings = row.settings;
    this.#input = input;
    this.#row = row;
    this.#clusters = clusters;
    const { classes, labels } = input;
    this.#set = prepare({ classes, labels, probabilities: row.views[row.scoredView]! });
    this.#turned = this.#answers(row.turns, row.views);
  }

  report(vanilla: RowSet | null): EvaluationRow {
    const { classes } = this.#input;
    const inDetail = classes.length <= maximumClassesInDetail;
    const row = this.#row;
    const set = this.#set;
    const freeAnswers = this.#answers(row.angles, row.angleViews);
    const weights = row.weights && { orientations: row.orientations, weights: row.weights };
    const official = toOfficialJson(officialScore(set));
    return {
      id: row.id,
      model: this.#input.model,
      settings: row.settings,
      figures: bootstrap(allMeasures(set, { perClass: inDetail }), this.#clusters, this.#options),
      official: {
        ...official.per_category,
        macro: official.macro_average,
        overall: { balanced_accuracy: official.overall },
      },
      robustness: this.#turned && this.#robustness(this.#turned),
      turnCheck: row.turnCheck,
      freeAngles: freeAnswers && this.#robustness(freeAnswers),
      comparison: vanilla && this.#compare(vanilla),
      confusion: confusionMatrix(set).counts,
      curves: !inDetail
        ? []
        : classes.map((code, index) => ({
            code,
            points: thinned(curvePoints(set, index)),
            operating: operatingPoints(set, index),
          })),
      reliability: reliability(set),
      temperature: temperatureReport(set, this.#clusters),
      weights: weights && summariseWeights(weights, set),
      weightFigures: weights ? bootstrap(weightStatistic(weights), this.#clusters, this.#options) : [],
      worst: worstAnswers(set)
        .slice(0, shownWorst)
        .map((image) => {
          const label = set.labels[image]!;
          const answer = set.answers[image]!;
          return {
            id: this.#input.ids[image]!,
            label: classes[label]!,
            answer: answer === undecided ? null : classes[answer]!,
            probability: set.probabilities[image * classes.length + label]!,
          };
        }),
    };
  }

  get #options(): BootstrapOptions {
    return this.#input.bootstrap;
  }

  /** Null where there is nothing but the picture as it is. */
  #answers(names: readonly string[], views: readonly Float64Array[]): TransformedAnswers | null {
    const { classes, labels } = this.#input;
    if (names.length < 2) return null;
    return {
      classes,
      labels,
      transformations: names,
      answers: views.map((view) => decide(view, classes.length)),
    };
  }

  #robustness(answers: TransformedAnswers): RobustnessFigures {
    const { shares, flips, flippedImages, boundWithoutFlips } = robustness(
      answers,
      this.#clusters,
      this.#options,
    );
    const flipped = Array.from(flips.keys()).filter((image) => flips[image]! > 0);
    flipped.sort((a, b) => flips[b]! - flips[a]! || a - b);
    const members = asMalignant(answers);
    return {
      transformations: answers.transformations,
      shares,
      malignantShares: members && bootstrap(shareStatistic(members), this.#clusters, this.#options),
      flippedImages,
      boundWithoutFlips,
      flippedIds: flipped.slice(0, shownFlips).map((image) => this.#input.ids[image]!),
    };
  }

  #compare(vanilla: RowSet): Comparison {
    const measures = (of: RowSet) => restricted(allMeasures(of.#set, { perClass: false }), comparedMeasures);
    const differences = pairedBootstrap(measures(this), measures(vanilla), this.#clusters, this.#options);
    const flips =
      this.#turned && vanilla.#turned
        ? pairedBootstrap(
            restricted(shareStatistic(this.#turned), comparedShares),
            restricted(shareStatistic(vanilla.#turned), comparedShares),
            this.#clusters,
            this.#options,
          )
        : [];
    return {
      against: vanilla.#row.id,
      differences: [...differences, ...flips],
      mcnemar: mcnemar(this.#set.labels, this.#set.answers, vanilla.#set.answers),
    };
  }
}

/** Some of the figures of a statistic. */
function restricted(statistic: Statistic, names: readonly string[]): Statistic {
  const places = names.map((name) => statistic.names.indexOf(name));
  const all = new Float64Array(statistic.names.length);
  return {
    names,
    evaluate(weights, out) {
      statistic.evaluate(weights, all);
      places.forEach((place, index) => (out[index] = all[place]!));
    },
  };
}

/** Evenly chosen points, the ends included. */
function thinned<T>(points: readonly T[]): T[] {
  if (points.length <= shownPoints) return [...points];
  return Array.from(
    { length: shownPoints },
    (_, place) => points[Math.round((place * (points.length - 1)) / (shownPoints - 1))]!,
  );
}

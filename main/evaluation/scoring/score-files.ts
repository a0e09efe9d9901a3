// From two files to a score: the way of the official scorer. A truth with any unclear row is refused as a
// whole here, because a score over part of the truth is not the official score.
import { DermOrbitError } from '../../contract/errors.ts';
import { isicClasses } from '../../contract/settings.ts';
import type { CsvTable } from '../csv.ts';
import { readGroundTruth } from '../datasets/ground-truth.ts';
import { prepare, type PreparedSet } from '../metrics/scored-set.ts';
import { officialScore, type OfficialScore } from './official-score.ts';
import { readPredictions } from './predictions.ts';

/** Predictions for a whole ground truth, ready for every metric, with the official score. */
export interface ScoredFiles {
  readonly ids: readonly string[];
  readonly set: PreparedSet;
  /** [N] weight of each image in every figure but `validation`. */
  readonly weights: Float64Array;
  readonly score: OfficialScore;
}

/**
 * Scores a prediction file against a ground-truth file.
 * @throws DermOrbitError for the first malformation of either, by the official scorer's rules
 */
export function scoreFiles(truth: CsvTable, predictions: CsvTable): ScoredFiles {
  const { rows, problems } = readGroundTruth(truth);
  const [problem] = problems.toProblems();
  if (problem) throw new DermOrbitError(problem.code, `${truth.name}: ${problem.message}`);
  if (rows.length === 0) throw new DermOrbitError('DATASET_EMPTY', `${truth.name} names no image.`);
  const ids = rows.map((row) => row.id);
  const set = prepare({
    classes: isicClasses,
    labels: Int32Array.from(rows, (row) => row.label),
    probabilities: readPredictions(predictions, isicClasses, ids),
  });
  const weights = Float64Array.from(rows, (row) => row.scoreWeight);
  const validation = Float64Array.from(rows, (row) => row.validationWeight);
  return { ids, set, weights, score: officialScore(set, { score: weights, validation }) };
}

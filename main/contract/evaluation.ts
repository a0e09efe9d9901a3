// What an evaluation finds, as plain data: what the command line prints, the report shows and a window could show.
// Formulas and sources of every figure: docs/EVALUATION.md. Depends on the other files of the contract.
import type { ErrorCode } from './errors.ts';
import type { Provider, Settings } from './settings.ts';

/** Which views of an image are answered: as it is; that and a random element; every element of the group. */
export type Turned = 'none' | 'random' | 'all';

/** A figure and where it lies, by name. */
export interface Interval {
  readonly name: string;
  /** From the images as they are; null where undefined. */
  readonly value: number | null;
  /** Ends of the percentile interval over the resamples in which the figure is defined. */
  readonly low: number | null;
  readonly high: number | null;
  /** Share of resamples in which the figure is defined; below 1, the interval is conditional on that. */
  readonly definedShare: number;
}

/** The difference of a figure between two methods on the same images. */
export interface PairedDifference extends Interval {
  /**
   * Two-sided bootstrap p-value of "no difference": twice the smaller share of resamples on either side of 0
   * (those at 0 on both), with one added to counts and resamples so that it is never 0. Null where undefined.
   */
  readonly p: number | null;
}

/** One bar of a reliability plot. */
export interface ReliabilityBin {
  /** Range of the largest probability. */
  readonly from: number;
  readonly to: number;
  /** Weight of the images in the bin. */
  readonly weight: number;
  /** Mean largest probability; null in an empty bin. */
  readonly confidence: number | null;
  /** Share of right answers; null in an empty bin. */
  readonly accuracy: number | null;
}

/** The reliability plot of a set and its two summaries. */
export interface Reliability {
  readonly bins: readonly ReliabilityBin[];
  /** Expected calibration error: mean distance between confidence and accuracy, by weight. */
  readonly expectedError: number | null;
  /** Largest distance in any bin that has images. */
  readonly maximumError: number | null;
}

/** One threshold: everything with at least this probability of the class is called positive. */
export interface CurvePoint {
  /** Null: nothing is called positive. */
  readonly threshold: number | null;
  readonly sensitivity: number;
  readonly specificity: number;
  /** Null where nothing is called positive. */
  readonly precision: number | null;
}

/** Operating points that clinics ask for, as points of the curve; null where the class or the others lack. */
export interface OperatingPoints {
  /** The largest sensitivity with at least this specificity. */
  readonly atSpecificity: Readonly<Record<'90' | '95', CurvePoint | null>>;
  /** The largest specificity with at least this sensitivity. */
  readonly atSensitivity: Readonly<Record<'90' | '95', CurvePoint | null>>;
}

/** Agreement of two methods and the p-values of "both are right equally often". */
export interface McNemar {
  readonly bothRight: number;
  readonly onlyFirstRight: number;
  readonly onlySecondRight: number;
  readonly bothWrong: number;
  /** Exact conditional test, two-sided; never too small. */
  readonly exact: number;
  /** Mid-p test, two-sided; less timid. */
  readonly midP: number;
}

/** A fitted temperature. */
export interface TemperatureFit {
  readonly temperature: number;
  /** Whether the best temperature lies beyond the ends of the search, 0.01 and 100. */
  readonly atBound: boolean;
}

/** Calibration figures of one set of probabilities; null where undefined. */
export interface CalibrationFigures {
  readonly ece: number | null;
  readonly brier: number | null;
  readonly logLoss: number | null;
}

/** A temperature and what it does to images that it was not fitted on. */
export interface TemperatureReport extends TemperatureFit {
  readonly fittedOn: number;
  readonly reportedOn: number;
  readonly before: CalibrationFigures;
  readonly after: CalibrationFigures;
}

/** The numbers of a box plot. Source: Tukey 1977; quartiles by linear interpolation. */
export interface BoxPlot {
  readonly minimum: number;
  readonly lowerQuartile: number;
  readonly median: number;
  readonly upperQuartile: number;
  readonly maximum: number;
  /** The outermost weights within 1.5 interquartile ranges of the box. */
  readonly lowerWhisker: number;
  readonly upperWhisker: number;
  /** Number of weights beyond the whiskers. */
  readonly outliers: number;
}

/** The weights of one orientation. */
export interface OrientationSummary {
  readonly orientation: string;
  readonly mean: number;
  /** Sample standard deviation; null of fewer than two images. */
  readonly deviation: number | null;
  readonly box: BoxPlot;
  /** Number of weights per bin of the summary's `edges`. */
  readonly histogram: readonly number[];
  /** Share of images in which this weight is larger than every other. */
  readonly largestShare: number;
}

/** The weights of a group of images. */
export interface WeightSummary {
  readonly images: number;
  readonly orientations: readonly OrientationSummary[];
  /** Share of images in which another orientation has a larger weight than the upright one. */
  readonly notUprightShare: number;
  /** Share of images in which several orientations share the largest weight. */
  readonly tiedShare: number;
  /**
   * Mean over images of the entropy of their weights, divided by ln n: 1 if all orientations count alike, 0 if
   * one alone counts. Null if the weights are not shares of 1, as at the embedding level.
   */
  readonly entropy: number | null;
  /** Mean of the largest weight. */
  readonly meanLargest: number;
}

/** Summaries over all images and over groups of them. */
export interface WeightReport {
  /** [bins + 1] edges of all histograms. */
  readonly edges: readonly number[];
  readonly all: WeightSummary;
  /** By true class code; classes without images are absent. */
  readonly byClass: Readonly<Record<string, WeightSummary>>;
  /** By the answer; null without such images. */
  readonly right: WeightSummary | null;
  readonly wrong: WeightSummary | null;
}

/** Something noticed while a set was read, shown before anything runs. */
export interface Problem {
  readonly code: ErrorCode;
  /** What was found, with up to three of the subjects. */
  readonly message: string;
  /** Every image, row, class or file concerned. */
  readonly subjects: readonly string[];
  /** Whether the subjects are left out of the set. */
  readonly excluded: boolean;
}

/** Whether transformations change the answers of one row. */
export interface RobustnessFigures {
  /** The first is the picture as it is. */
  readonly transformations: readonly string[];
  /** Shares with intervals over lesions, by name (docs/EVALUATION.md, "Robustness"). */
  readonly shares: readonly Interval[];
  /**
   * The same shares of answers as malignant or benign, so that only those that cross the border count as changed
   * (classes `benign`, `malignant`); null where the model's classes are not divided so.
   */
  readonly malignantShares: readonly Interval[] | null;
  readonly flippedImages: number;
  /** Largest flip rate that no flip at all in this many lesions leaves plausible; null where there are flips. */
  readonly boundWithoutFlips: number | null;
  /** Ids of images whose answer changes, by falling number of changing transformations; at most 200. */
  readonly flippedIds: readonly string[];
}

/** What really turning the pixels gave, against the permuted orbit from which the turned answers were computed. */
export interface TurnCheck {
  /** Images that were turned, each by one random element. */
  readonly images: number;
  /** Largest difference of a probability; null without images. */
  readonly largestDifference: number | null;
  /** Images whose answer was not the computed one. */
  readonly changedAnswers: number;
}

/** A row against the vanilla row of the same model and group, on the same images; differences are row - vanilla. */
export interface Comparison {
  readonly against: string;
  readonly differences: readonly PairedDifference[];
  readonly mcnemar: McNemar;
}

/** One class against the others. */
export interface ClassCurve {
  readonly code: string;
  /** By falling threshold, thinned to what a drawing can show. */
  readonly points: readonly CurvePoint[];
  readonly operating: OperatingPoints;
}

/** A wrong or undecided answer. */
export interface WorstCase {
  readonly id: string;
  readonly label: string;
  /** Null: undecided. */
  readonly answer: string | null;
  /** Probability of the true class. */
  readonly probability: number;
}

/** One way of predicting, measured. */
export interface EvaluationRow {
  /** Unique in the evaluation; names files. */
  readonly id: string;
  readonly model: string;
  readonly settings: Settings;
  /** Every figure with its interval, by name (`balancedAccuracy`, `top1`, `auc/MEL`, `auc/macro`, ...). */
  readonly figures: readonly Interval[];
  /** The official scorer's figures with its conventions; per class, then macro. */
  readonly official: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
  /** Under the elements of the group; null where nothing was turned. */
  readonly robustness: RobustnessFigures | null;
  readonly turnCheck: TurnCheck | null;
  /** Under free angles, against the picture masked to its inscribed circle; null where not asked for. */
  readonly freeAngles: RobustnessFigures | null;
  /** Null for vanilla itself. */
  readonly comparison: Comparison | null;
  /** Rows: true classes; columns: answers, the last one "undecided". */
  readonly confusion: readonly (readonly number[])[];
  /** Empty with more than 20 classes. */
  readonly curves: readonly ClassCurve[];
  readonly reliability: Reliability;
  readonly temperature: TemperatureReport | null;
  /** Null where the weights are the same for every image. */
  readonly weights: WeightReport | null;
  /** Mean weights and the share whose largest weight is not the upright one, with intervals; empty as above. */
  readonly weightFigures: readonly Interval[];
  /** The worst first, at most 50. */
  readonly worst: readonly WorstCase[];
}

/** One model on the images whose classes it knows. */
export interface EvaluatedModel {
  readonly id: string;
  readonly name: string;
  readonly sha256: string;
  readonly architecture: string;
  readonly provider: Provider;
  readonly classes: readonly string[];
  readonly names: readonly string[];
  /** Images that were measured, and the lesions they show. */
  readonly images: number;
  readonly lesions: number;
  readonly imagesPerClass: readonly number[];
  readonly problems: readonly Problem[];
  readonly rows: readonly EvaluationRow[];
}

/** A whole evaluation: settings, versions and results, enough to repeat it. */
export interface Evaluation {
  readonly schema: 1;
  readonly dermorbit: string;
  readonly versions: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly made: string;
  readonly dataset: {
    readonly images: string;
    readonly labels: string | null;
    readonly format: string;
    /** Of the ids, labels, lesions and file hashes of all measured images, in order. */
    readonly sha256: string;
  };
  readonly turned: Turned;
  /** Degrees; empty where no free angles were asked for. */
  readonly angles: readonly number[];
  readonly seed: number;
  readonly bootstrap: { readonly resamples: number; readonly seed: number; readonly confidence: number };
  /** Wall time of the image part, and how many images were taken over from an earlier, interrupted run. */
  readonly seconds: number;
  readonly resumedImages: number;
  readonly models: readonly EvaluatedModel[];
}

// The figures that an evaluation is made of: intervals, curves, calibration, weights of the orientations. Formulas and
// sources: docs/EVALUATION.md. Depends on nothing.
import { z } from 'zod';
import { list } from './arrays.ts';

const number = z.number();
/** Null where undefined. */
const figure = number.nullable();
const count = z.int().nonnegative();

/** A figure and where it lies, by name. */
export const intervalSchema = z.object({
  name: z.string(),
  /** From the images as they are. */
  value: figure,
  /** Ends of the percentile interval over the resamples in which the figure is defined. */
  low: figure,
  high: figure,
  /** Share of resamples in which the figure is defined; below 1, the interval is conditional on that. */
  definedShare: number,
});
export type Interval = z.infer<typeof intervalSchema>;

/** The difference of a figure between two methods on the same images. */
export const pairedDifferenceSchema = intervalSchema.extend({
  /**
   * Two-sided bootstrap p-value of "no difference": twice the smaller share of resamples on either side of 0
   * (those at 0 on both), with one added to counts and resamples so that it is never 0.
   */
  p: figure,
});
export type PairedDifference = z.infer<typeof pairedDifferenceSchema>;

/** Agreement of two methods and the p-values of "both are right equally often". */
export const mcNemarSchema = z.object({
  bothRight: number,
  onlyFirstRight: number,
  onlySecondRight: number,
  bothWrong: number,
  /** Exact conditional test, two-sided; never too small. */
  exact: number,
  /** Mid-p test, two-sided; less conservative. */
  midP: number,
});
export type McNemar = z.infer<typeof mcNemarSchema>;

// -------------------------------------------------------------------------------------------------- calibration

/** One bar of a reliability plot. */
const reliabilityBinSchema = z.object({
  /** Range of the largest probability. */
  from: number,
  to: number,
  /** Weight of the images in the bin. */
  weight: number,
  /** Mean largest probability; null in an empty bin. */
  confidence: figure,
  /** Share of right answers; null in an empty bin. */
  accuracy: figure,
});
export type ReliabilityBin = z.infer<typeof reliabilityBinSchema>;

/** The reliability plot of a set and its two summaries. */
export const reliabilitySchema = z.object({
  bins: list(reliabilityBinSchema),
  /** Expected calibration error: mean distance between confidence and accuracy, by weight. */
  expectedError: figure,
  /** Largest distance in any bin that has images. */
  maximumError: figure,
});
export type Reliability = z.infer<typeof reliabilitySchema>;

const calibrationSchema = z.object({ ece: figure, brier: figure, logLoss: figure });
/** Calibration figures of one set of probabilities. */
export type CalibrationFigures = z.infer<typeof calibrationSchema>;

const temperatureFitSchema = z.object({
  temperature: number,
  /** Whether the best temperature lies beyond the ends of the search, 0.01 and 100. */
  atBound: z.boolean(),
});
/** A fitted temperature. */
export type TemperatureFit = z.infer<typeof temperatureFitSchema>;

/** A temperature and what it does to images that it was not fitted on. */
export const temperatureReportSchema = temperatureFitSchema.extend({
  fittedOn: count,
  reportedOn: count,
  before: calibrationSchema,
  after: calibrationSchema,
});
export type TemperatureReport = z.infer<typeof temperatureReportSchema>;

// ------------------------------------------------------------------------------------------------------- curves

/** One threshold: everything with at least this probability of the class is called positive. */
const curvePointSchema = z.object({
  /** Null: nothing is called positive. */
  threshold: figure,
  sensitivity: number,
  specificity: number,
  /** Null where nothing is called positive. */
  precision: figure,
});
export type CurvePoint = z.infer<typeof curvePointSchema>;

/** Null where the class or the others lack. */
const atEachShare = z.object({ '90': curvePointSchema.nullable(), '95': curvePointSchema.nullable() });

const operatingPointsSchema = z.object({
  /** The largest sensitivity with at least this specificity. */
  atSpecificity: atEachShare,
  /** The largest specificity with at least this sensitivity. */
  atSensitivity: atEachShare,
});
/** Operating points that clinics ask for, as points of the curve. */
export type OperatingPoints = z.infer<typeof operatingPointsSchema>;

/** One class against the others. */
export const classCurveSchema = z.object({
  code: z.string(),
  /** By falling threshold, thinned to what a drawing can show. */
  points: list(curvePointSchema),
  operating: operatingPointsSchema,
});
export type ClassCurve = z.infer<typeof classCurveSchema>;

// --------------------------------------------------------------------------------------- weights of orientations

/** The numbers of a box plot. Source: Tukey 1977; quartiles by linear interpolation. */
const boxPlotSchema = z.object({
  minimum: number,
  lowerQuartile: number,
  median: number,
  upperQuartile: number,
  maximum: number,
  /** The outermost weights within 1.5 interquartile ranges of the box. */
  lowerWhisker: number,
  upperWhisker: number,
  /** Number of weights beyond the whiskers. */
  outliers: count,
});
export type BoxPlot = z.infer<typeof boxPlotSchema>;

/** The weights of one orientation. */
const orientationSummarySchema = z.object({
  orientation: z.string(),
  mean: number,
  /** Sample standard deviation; null of fewer than two images. */
  deviation: figure,
  box: boxPlotSchema,
  /** Number of weights per bin of the summary's `edges`. */
  histogram: list(number),
  /** Share of images in which this weight is larger than every other. */
  largestShare: number,
});
export type OrientationSummary = z.infer<typeof orientationSummarySchema>;

/** The weights of a group of images. */
const weightSummarySchema = z.object({
  images: count,
  orientations: list(orientationSummarySchema),
  /** Share of images in which another orientation has a larger weight than the upright one. */
  notUprightShare: number,
  /** Share of images in which several orientations share the largest weight. */
  tiedShare: number,
  /**
   * Mean over images of the entropy of their weights, divided by ln n: 1 if all orientations count alike, 0 if
   * one alone counts. Null if the weights are not shares of 1, as at the embedding level.
   */
  entropy: figure,
  /** Mean of the largest weight. */
  meanLargest: number,
});
export type WeightSummary = z.infer<typeof weightSummarySchema>;

/** Summaries over all images and over groups of them. */
export const weightReportSchema = z.object({
  /** [bins + 1] edges of all histograms. */
  edges: list(number),
  all: weightSummarySchema,
  /** By true class code; classes without images are absent. */
  byClass: z.record(z.string(), weightSummarySchema),
  /** By the answer; null without such images. */
  right: weightSummarySchema.nullable(),
  wrong: weightSummarySchema.nullable(),
});
export type WeightReport = z.infer<typeof weightReportSchema>;

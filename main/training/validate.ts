// What a network answers on the validation images: the forward graph, and the figures of the answers. The same metrics as
// evaluation's.
import type { Provider } from '../contract/settings.ts';
import type { Tensor } from '../contract/tensor.ts';
import type { WeightHistogram } from '../contract/training.ts';
import { openSession, type Feed, type RuntimeSession } from '../engine/runtime.ts';
import { softmax } from '../equivariance/logits.ts';
import { balancedAccuracy, countAnswers } from '../evaluation/metrics/measures.ts';
import { equalWeights, prepare, type PreparedSet } from '../evaluation/metrics/scored-set.ts';
import { fittedEdges } from '../evaluation/weights/edges.ts';
import { distribution } from '../evaluation/weights/weights.ts';
import { parametersAsInputs } from '../autodiff/parameters.ts';
import { encodeModel } from '../onnx/codec.ts';
import type { Model } from '../onnx/graph.ts';

/** Labelled images, as a forward graph is fed with them. */
export interface AnswerableSet {
  readonly classes: readonly string[];
  /** One per image. */
  readonly labels: readonly number[];
  /** Feeds for the images from `start` up to, but not with, `end`. */
  readonly feeds: (start: number, end: number) => Promise<Readonly<Record<string, Feed>>>;
}

export interface Answers {
  readonly balancedAccuracy: number;
  readonly top1: number;
  /** Mean cross entropy of the answers. */
  readonly loss: number;
  /** By class; null without images. */
  readonly recalls: readonly (number | null)[];
  /** Mean over the images, [n]; empty where the graph has no weights. */
  readonly meanWeights: readonly number[];
  /** Null where the graph has no weights, or not all are numbers. */
  readonly weightHistogram: WeightHistogram | null;
  readonly finite: boolean;
  /** The answers themselves, for figures beyond these. */
  readonly answers: PreparedSet;
}

/** Images of one run. */
const defaultBatch = 32;

export class Validator {
  readonly #session: RuntimeSession;
  readonly #batch: number;

  private constructor(session: RuntimeSession, batch: number) {
    this.#session = session;
    this.#batch = batch;
  }

  /**
   * @param parameters weights that every call gives anew; the others are the graph's own
   * @param batch at most so many images at once
   */
  static async open(
    forward: Model,
    parameters: readonly string[],
    provider: Provider,
    batch = defaultBatch,
  ): Promise<Validator> {
    const { graph } = parametersAsInputs(forward.graph, parameters);
    const session = await openSession(encodeModel({ ...forward, graph }), provider);
    return new Validator(session, Math.min(batch, defaultBatch));
  }

  /** Answers every image, with these weights where the graph takes any. */
  async measure(
    { classes, labels, feeds }: AnswerableSet,
    weights: Readonly<Record<string, Tensor>> = {},
    signal?: AbortSignal,
  ): Promise<Answers> {
    const width = classes.length;
    const probabilities = new Float64Array(labels.length * width);
    const orbitWeights: number[] = [];
    let orientations = 0;
    let loss = 0;
    for (let start = 0; start < labels.length; start += this.#batch) {
      signal?.throwIfAborted();
      const end = Math.min(start + this.#batch, labels.length);
      const outputs = await this.#session.run({ ...weights, ...(await feeds(start, end)) });
      const logits = outputs.logits!.data;
      for (let image = start; image < end; image++) {
        const at = (image - start) * width;
        const row = softmax(Array.from(logits.subarray(at, at + width)));
        probabilities.set(row, image * width);
        loss -= Math.log(Math.max(row[labels[image]!]!, Number.MIN_VALUE)) / labels.length;
      }
      if (!outputs.weights) continue;
      orientations = outputs.weights.dims.at(-1)!;
      for (const weight of outputs.weights.data) orbitWeights.push(weight);
    }
    const finite = probabilities.every(Number.isFinite) && orbitWeights.every(Number.isFinite);
    return {
      ...figures(classes, labels, finite ? probabilities : probabilities.fill(0)),
      loss,
      ...weightFigures(orbitWeights, orientations, finite),
      finite,
    };
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

function figures(classes: readonly string[], labels: readonly number[], probabilities: Float64Array) {
  const set = prepare({ classes, labels: Int32Array.from(labels), probabilities });
  const counts = countAnswers(set, equalWeights(labels.length));
  const right = counts.right.reduce((sum, count) => sum + count, 0);
  return {
    answers: set,
    balancedAccuracy: balancedAccuracy(counts),
    top1: right / labels.length,
    recalls: classes.map((_, k) => (counts.images[k] === 0 ? null : counts.right[k]! / counts.images[k]!)),
  };
}

/** @param weights [N, n], row-major; empty where there are none */
function weightFigures(
  weights: readonly number[],
  n: number,
  finite: boolean,
): Pick<Answers, 'meanWeights' | 'weightHistogram'> {
  if (n === 0 || !finite) return { meanWeights: [], weightHistogram: null };
  const edges = fittedEdges(weights);
  const all = Array.from({ length: n }, (_, g) =>
    distribution(
      Float64Array.from({ length: weights.length / n }, (_one, image) => weights[image * n + g]!),
      edges,
    ),
  );
  return {
    meanWeights: all.map(({ mean }) => mean),
    weightHistogram: {
      edges,
      counts: all.map(({ histogram }) => [...histogram]),
      deviations: all.map(({ deviation }) => deviation),
    },
  };
}

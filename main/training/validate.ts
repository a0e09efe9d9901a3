// What a network answers on the validation images: cached orbits through the forward graph, and the figures of the
// answers. The same metrics as evaluation's.
import type { Provider } from '../contract/settings.ts';
import type { Tensor } from '../contract/tensor.ts';
import { openSession, type RuntimeSession } from '../engine/runtime.ts';
import { softmax } from '../equivariance/logits.ts';
import { balancedAccuracy, countAnswers } from '../evaluation/metrics/measures.ts';
import { equalWeights, prepare } from '../evaluation/metrics/scored-set.ts';
import { parametersAsInputs } from '../autodiff/parameters.ts';
import { encodeModel } from '../onnx/codec.ts';
import type { Model } from '../onnx/graph.ts';
import { batchDims, readBatch } from './cache/batches.ts';
import type { OrbitCache } from './cache/orbit-cache.ts';

/** Labelled images of a cache. */
export interface CachedSet {
  readonly cache: OrbitCache;
  readonly classes: readonly string[];
  readonly images: readonly { readonly sha256: string; readonly label: number }[];
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
  readonly finite: boolean;
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

  /**
   * Answers every image as it is, not turned.
   * @param orientations of each orbit that the graph takes
   */
  async measure(
    { cache, classes, images }: CachedSet,
    weights: Readonly<Record<string, Tensor>> = {},
    orientations = cache.key.orientations,
    signal?: AbortSignal,
  ): Promise<Answers> {
    const width = classes.length;
    const probabilities = new Float64Array(images.length * width);
    const sums: number[] = [];
    let loss = 0;
    for (let start = 0; start < images.length; start += this.#batch) {
      signal?.throwIfAborted();
      const part = images.slice(start, start + this.#batch);
      const orbit = await readBatch(
        cache,
        part.map(({ sha256 }) => ({ sha256, turn: 0 })),
        orientations,
      );
      const outputs = await this.#session.run({
        ...weights,
        orbit: { data: orbit, dims: batchDims(cache, part.length * orientations) },
      });
      const logits = outputs.logits!.data;
      part.forEach(({ label }, index) => {
        const row = softmax(Array.from(logits.subarray(index * width, (index + 1) * width)));
        probabilities.set(row, (start + index) * width);
        loss -= Math.log(Math.max(row[label]!, Number.MIN_VALUE)) / images.length;
      });
      outputs.weights?.data.forEach((weight, index) => {
        const g = index % orientations;
        sums[g] = (sums[g] ?? 0) + weight / images.length;
      });
    }
    const finite = probabilities.every(Number.isFinite);
    return {
      ...figures(classes, images, finite ? probabilities : probabilities.fill(0)),
      loss,
      meanWeights: sums,
      finite,
    };
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

function figures(classes: readonly string[], images: CachedSet['images'], probabilities: Float64Array) {
  const labels = Int32Array.from(images, ({ label }) => label);
  const set = prepare({ classes, labels, probabilities });
  const counts = countAnswers(set, equalWeights(images.length));
  const right = counts.right.reduce((sum, count) => sum + count, 0);
  return {
    balancedAccuracy: balancedAccuracy(counts),
    top1: right / images.length,
    recalls: classes.map((_, k) => (counts.images[k] === 0 ? null : counts.right[k]! / counts.images[k]!)),
  };
}

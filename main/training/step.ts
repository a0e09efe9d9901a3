// One optimizer step on a training graph: feeds it with the state, keeps the state that comes out. The state never
// changes by halves: what a step that failed made is thrown away.
import { adamW, sgd, type Optimizer } from '../autodiff/optimizers.ts';
import { AutodiffError } from '../autodiff/error.ts';
import type { LossSpec } from '../autodiff/losses.ts';
import { trainingGraph, type StateSpec } from '../autodiff/training-graph.ts';
import { DermOrbitError } from '../contract/errors.ts';
import type { Provider } from '../contract/settings.ts';
import type { Tensor } from '../contract/tensor.ts';
import type { RoundsConfig } from '../contract/training.ts';
import { openSession, type Feed, type RuntimeSession } from '../engine/runtime.ts';
import { encodeModel } from '../onnx/codec.ts';
import type { Model } from '../onnx/graph.ts';
import { bindDimensions } from '../onnx/shapes.ts';
import { addToAverage, averageOf, startAverage } from './averaging.ts';
import { accumulating, sumSlot } from './graphs/accumulate.ts';

/** State by name, as the training graph names it. */
export type State = ReadonlyMap<string, Tensor>;

export interface StepOptions {
  readonly forward: Model;
  /** Names of the weights that learn. */
  readonly parameters: readonly string[];
  readonly config: Pick<
    RoundsConfig,
    'loss' | 'optimizer' | 'momentum' | 'nesterov' | 'weightDecay' | 'clip' | 'batch'
  >;
  /** Refinements of the loss. */
  readonly loss?: Pick<LossSpec, 'labelSmoothing' | 'logitAdjustment'>;
  /** Share of the running average of the weights that a step keeps; null: no average. */
  readonly averaging?: number | null;
  /** Images of one run of the graph; divides the batch. */
  readonly part: number;
  readonly provider: Provider;
}

/** What one part of a batch is made of. */
export interface Part {
  readonly feeds: Readonly<Record<string, Feed>>;
  readonly labels: readonly number[];
}

const optimizers: Readonly<Record<RoundsConfig['optimizer'], (config: StepOptions['config']) => Optimizer>> =
  {
    sgd: ({ momentum, nesterov }) => sgd({ momentum, nesterov }),
    adamw: () => adamW(),
  };

/** Matrices and kernels are decayed; biases, normalization and positions are not. */
const isDecayed = (name: string) =>
  name.endsWith('.weight') && !/(norm|bn\d|downsample\.1)\.weight$/.test(name);

/** Whether a state is a gradient's sum over the parts of a batch. */
const isSum = (name: string) => name.startsWith(`optimizer.${sumSlot}.`);

export class Stepper {
  readonly specs: readonly StateSpec[];
  readonly #session: RuntimeSession;
  readonly #parts: number;
  readonly #averaging: number | null;
  #state: State;

  private constructor(
    session: RuntimeSession,
    specs: readonly StateSpec[],
    { parts, averaging }: { parts: number; averaging: number | null },
  ) {
    this.#session = session;
    this.specs = specs;
    this.#parts = parts;
    this.#averaging = averaging;
    const state = new Map(specs.map(({ name, dims, initial }) => [name, { data: initial(), dims }]));
    this.#state = averaging === null ? state : startAverage(state, this.#learned);
  }

  /** Names of what a model is made of: parameters and running statistics. */
  get #learned(): string[] {
    return this.specs.flatMap(({ role, name }) => (role === 'optimizer' ? [] : [name]));
  }

  /** @throws DermOrbitError TRAINING_UNSUPPORTED naming the node that has no gradient, OUT_OF_MEMORY */
  static async open(options: StepOptions): Promise<Stepper> {
    const { forward, parameters, config, part, provider, averaging = null } = options;
    const parts = config.batch / part;
    const inner = optimizers[config.optimizer](config);
    const bound = config.clip ?? undefined;
    try {
      const { model, state } = trainingGraph({
        forward: bindDimensions(forward, { batch: part }),
        loss: { kind: config.loss, logits: 'logits', ...options.loss },
        parameters: parameters.map((name) => ({
          name,
          weightDecay: isDecayed(name) ? config.weightDecay : 0,
        })),
        optimizer: parts > 1 ? accumulating(inner, parts, bound) : inner,
        ...(parts === 1 && bound !== undefined ? { maxGradientNorm: bound } : {}),
      });
      return new Stepper(
        await openSession(encodeModel(model), provider, { optimization: 'extended' }),
        state,
        {
          parts,
          averaging,
        },
      );
    } catch (error) {
      if (!(error instanceof AutodiffError)) throw error;
      throw new DermOrbitError('TRAINING_UNSUPPORTED', error.message, { cause: error });
    }
  }

  get state(): State {
    return this.#state;
  }

  /** The weights that a model is made of, by name: their running average, if there is one. A copy. */
  weights(): State {
    const state = this.#state;
    return new Map(
      this.#learned.map((name) => {
        const { data, dims } = this.#averaging === null ? state.get(name)! : averageOf(state, name);
        return [name, { data: data.slice(), dims }];
      }),
    );
  }

  /**
   * Goes on from a state that another run of the same configuration had, whatever parts its batches came in: sums over
   * the parts are zero between two steps.
   */
  restore(state: State): void {
    this.#state = new Map(
      [...this.#state].map(([name, fresh]) => [name, isSum(name) ? fresh : state.get(name)!]),
    );
  }

  /**
   * One step over a batch.
   * @param parts as many as the batch was divided into, in order
   * @returns means over the batch; the state is then the next one only if both are finite numbers
   */
  async step(
    parts: readonly (() => Promise<Part>)[],
    learningRate: number,
  ): Promise<{ loss: number; gradientNorm: number }> {
    const rate: Tensor = { data: Float32Array.of(learningRate), dims: [] };
    const state: Record<string, Tensor> = Object.fromEntries(this.#state);
    let [loss, gradientNorm] = [0, 0];
    for (const [index, part] of parts.entries()) {
      const { feeds, labels } = await part();
      const outputs = await this.#session.run({
        ...state,
        ...feeds,
        labels: { data: BigInt64Array.from(labels, BigInt), dims: [labels.length] },
        learning_rate: rate,
      });
      loss += outputs.loss!.data[0]! / this.#parts;
      gradientNorm += outputs.gradient_norm!.data[0]! / this.#parts;
      const last = index === parts.length - 1;
      for (const { name, next, dims } of this.specs) {
        if (last && isSum(name)) state[name] = { data: new Float32Array(outputs[next]!.data.length), dims };
        else if (last || isSum(name)) state[name] = { data: outputs[next]!.data, dims };
      }
    }
    if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) {
      this.#state = new Map(Object.entries(state));
      if (this.#averaging !== null) addToAverage(this.#state, this.#learned, this.#averaging);
    }
    return { loss, gradientNorm };
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

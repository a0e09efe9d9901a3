// Training graphs against plain arithmetic: losses, optimizers, clipping, decay groups, running statistics, errors.
import ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../onnx/builder.ts';
import { encodeModel } from '../onnx/codec.ts';
import { float16ToFloat32, float32ToFloat16 } from '../onnx/float16.ts';
import type { Model } from '../onnx/graph.ts';
import { randomSource } from '../testing/gradient-check.ts';
import { AutodiffError } from './error.ts';
import type { LossSpec } from './losses.ts';
import { adamW, sgd, type Optimizer } from './optimizers.ts';
import { trainingGraph, type TrainingGraph, type TrainingSpec } from './training-graph.ts';

const [batch, width, classes] = [4, 3, 2];
const next = randomSource(3);
const draw = (count: number) => Float32Array.from({ length: count }, () => 2 * next() - 1);
const [x, w, b] = [draw(batch * width), draw(width * classes), draw(classes)];
const labels = [0, 1, 1, 0];

/** logits = x w + b */
function linear(): Model {
  const graph = new GraphBuilder('linear');
  const input = graph.input('x', 'float32', ['batch', width]);
  const product = graph.op('MatMul', [input, graph.float32('w', w, [width, classes])]);
  graph.output('logits', graph.op('Add', [product, graph.float32('b', b, [classes])]), ['batch', classes]);
  graph.output('unused', graph.op('ArgMax', [product], { axis: 1 }), ['batch', 1], 'int64');
  return graph.build();
}

function training(change: Partial<TrainingSpec> = {}): TrainingGraph {
  return trainingGraph({
    forward: linear(),
    loss: { kind: 'updated', logits: 'logits' },
    parameters: [{ name: 'w' }, { name: 'b' }],
    optimizer: sgd(),
    ...change,
  });
}

const scalar = (value: number) => new ort.Tensor('float32', Float32Array.of(value), []);
const rate = 0.1;

/** Runs steps on the same data; the outputs of each. */
async function run(graph: TrainingGraph, steps = 1, extra: Record<string, ort.Tensor> = {}) {
  const session = await ort.InferenceSession.create(encodeModel(graph.model), { logSeverityLevel: 3 });
  const feeds: Record<string, ort.Tensor> = {
    x: new ort.Tensor('float32', x, [batch, width]),
    ...(graph.model.graph.inputs.some(({ name }) => name === 'labels')
      ? { labels: new ort.Tensor('int64', BigInt64Array.from(labels, BigInt), [batch]) }
      : {}),
    learning_rate: scalar(rate),
    ...extra,
  };
  for (const { name, dims, initial } of graph.state) feeds[name] = new ort.Tensor('float32', initial(), dims);
  const all: Record<string, number[]>[] = [];
  for (let step = 0; step < steps; step++) {
    const outputs = await session.run(feeds);
    for (const { name, next: after } of graph.state) feeds[name] = outputs[after]!;
    all.push(
      Object.fromEntries(
        Object.entries(outputs).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
      ),
    );
  }
  await session.release();
  return all;
}

type Rows = number[][];
const rowsOf = (values: ArrayLike<number>, columns: number): Rows =>
  Array.from({ length: values.length / columns }, (_, row) =>
    Array.from({ length: columns }, (_, column) => values[row * columns + column]!),
  );
const softmax = (row: readonly number[]) => {
  const powers = row.map(Math.exp);
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => value / total);
};
const logits = rowsOf(x, width).map((row) =>
  Array.from({ length: classes }, (_, k) =>
    row.reduce((sum, value, i) => sum + value * w[i * classes + k]!, b[k]!),
  ),
);
const oneHot = labels.map((label) => Array.from({ length: classes }, (_, k) => (k === label ? 1 : 0)));

/** - sum w q log p / sum w q */
function crossEntropy(scores: Rows, targets: Rows, weights: readonly number[]): number {
  let [loss, total] = [0, 0];
  scores.forEach((row, i) => {
    softmax(row).forEach((p, k) => {
      loss -= weights[k]! * targets[i]![k]! * Math.log(p);
      total += weights[k]! * targets[i]![k]!;
    });
  });
  return loss / total;
}

/** The gradients of the plain loss, by hand. */
function plainGradients(): { w: number[]; b: number[] } {
  const errors = logits.map((row, i) => softmax(row).map((p, k) => (p - oneHot[i]![k]!) / batch));
  const sum = (make: (row: number) => number) => errors.reduce((total, _, row) => total + make(row), 0);
  return {
    w: Array.from(w, (_, at) =>
      sum((row) => x[row * width + Math.floor(at / classes)]! * errors[row]![at % classes]!),
    ),
    b: Array.from(b, (_, k) => sum((row) => errors[row]![k]!)),
  };
}

const close = (found: readonly number[] | undefined, expected: ArrayLike<number>) => {
  expect(found).toHaveLength(expected.length);
  found?.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 5);
  });
};

describe('losses', () => {
  const even = [1, 1];
  const cases: [string, Omit<LossSpec, 'logits'>, number][] = [
    ['updated', { kind: 'updated' }, crossEntropy(logits, oneHot, even)],
    ['original', { kind: 'original' }, crossEntropy(logits.map(softmax), oneHot, even)],
    ['class weights', { kind: 'updated', classWeights: [1, 3] }, crossEntropy(logits, oneHot, [1, 3])],
    [
      'logit adjustment',
      { kind: 'updated', logitAdjustment: [0.5, -0.25] },
      crossEntropy(
        logits.map(([first, second]) => [first! + 0.5, second! - 0.25]),
        oneHot,
        even,
      ),
    ],
    [
      'label smoothing',
      { kind: 'updated', labelSmoothing: 0.2 },
      crossEntropy(
        logits,
        oneHot.map((row) => row.map((q) => 0.8 * q + 0.1)),
        even,
      ),
    ],
  ];
  it.each(cases)('%s', async (_, loss, expected) => {
    const [outputs] = await run(training({ loss: { ...loss, logits: 'logits' } }));
    close(outputs?.loss, [expected]);
    close(outputs?.logits, logits.flat());
  });

  it('distributions as targets', async () => {
    const targets = [0.25, 0.75, 1, 0, 0.5, 0.5, 0, 1];
    const graph = training({ loss: { kind: 'updated', logits: 'logits', target: 'targets' } });
    const feed = { targets: new ort.Tensor('float32', Float32Array.from(targets), [batch, classes]) };
    const [outputs] = await run(graph, 1, feed);
    close(outputs?.loss, [crossEntropy(logits, rowsOf(targets, classes), even)]);
  });

  it.each<[string, Partial<LossSpec>]>([
    ['class_weights: 3 numbers for 2 classes', { classWeights: [1, 2, 3] }],
    ['Label smoothing 1 ', { labelSmoothing: 1 }],
    ['no output scores', { logits: 'scores' }],
  ])('refuses: %s', (message, change) => {
    const loss: LossSpec = { kind: 'updated', logits: 'logits', ...change };
    expect(() => training({ loss })).toThrow(message);
  });
});

/** Two updates of one number with the given gradients, by the published formulas in plain arithmetic. */
type Step = (parameter: number, gradient: number, count: number) => number;
const steppers: [string, Optimizer, number, () => Step][] = [
  ['sgd', sgd(), 0, () => (p, g) => p - rate * g],
  ['sgd with decay', sgd(), 0.5, () => (p, g) => p - rate * (g + 0.5 * p)],
  [
    'sgd with momentum',
    sgd({ momentum: 0.9 }),
    0,
    () => {
      let velocity = 0;
      return (p, g) => p - rate * (velocity = 0.9 * velocity + g);
    },
  ],
  [
    'sgd with Nesterov momentum and decay',
    sgd({ momentum: 0.9, nesterov: true }),
    0.1,
    () => {
      let velocity = 0;
      return (p, g) => {
        const slope = g + 0.1 * p;
        velocity = 0.9 * velocity + slope;
        return p - rate * (slope + 0.9 * velocity);
      };
    },
  ],
  [
    'adamW with decay',
    adamW({ beta1: 0.8, beta2: 0.95 }),
    0.1,
    () => {
      let [mean, square] = [0, 0];
      return (p, g, count) => {
        mean = 0.8 * mean + 0.2 * g;
        square = 0.95 * square + 0.05 * g * g;
        const deviation = Math.sqrt(square / (1 - 0.95 ** count)) + 1e-8;
        return p * (1 - rate * 0.1) - (rate * mean) / (1 - 0.8 ** count) / deviation;
      };
    },
  ],
];

describe('optimizers', () => {
  it.each(steppers)('%s', async (_, optimizer, weightDecay, makeStep) => {
    // Gradients of each step come from plain SGD graphs at the parameters of that step.
    const outputs = await run(training({ optimizer, parameters: [{ name: 'w', weightDecay }] }), 3);
    const steps = Array.from(w, makeStep);
    let values = Array.from(w);
    for (const [index, output] of outputs.entries()) {
      const gradient = await gradientAt(Float32Array.from(values));
      values = values.map((value, i) => steps[i]!(value, gradient[i]!, index + 1));
      close(output['w.next'], values);
    }
  });

  async function gradientAt(values: Float32Array): Promise<number[]> {
    const graph = training({ parameters: [{ name: 'w' }] });
    const state = graph.state.map((spec) => (spec.name === 'w' ? { ...spec, initial: () => values } : spec));
    const [outputs] = await run({ ...graph, state });
    return outputs!['w.next']!.map((value, i) => (values[i]! - value) / rate);
  }

  it('decays and scales the rate per parameter', async () => {
    const parameters = [
      { name: 'w', weightDecay: 0.5 },
      { name: 'b', learningRateScale: 10 },
    ];
    const [outputs] = await run(training({ parameters }));
    const gradient = plainGradients();
    close(
      outputs?.['w.next'],
      w.map((value, i) => value - rate * (gradient.w[i]! + 0.5 * value)),
    );
    close(
      outputs?.['b.next'],
      b.map((value, i) => value - 10 * rate * gradient.b[i]!),
    );
  });

  it.each([0.05, 100])('clips the norm of all gradients to %d', async (bound) => {
    const [outputs] = await run(training({ maxGradientNorm: bound }));
    const gradient = plainGradients();
    const norm = Math.hypot(...gradient.w, ...gradient.b);
    const factor = Math.min(1, bound / norm);
    close(outputs?.gradient_norm, [norm]);
    close(
      outputs?.['w.next'],
      w.map((value, i) => value - rate * factor * gradient.w[i]!),
    );
  });

  it('counts steps', async () => {
    const outputs = await run(training(), 3);
    expect(outputs.map((output) => output['optimizer.step.next'])).toEqual([[1], [2], [3]]);
  });
});

describe('parameters', () => {
  it('may be stored in half precision', async () => {
    const graph = new GraphBuilder('half');
    const input = graph.input('x', 'float32', ['batch', width]);
    const weight = graph.float16Weight('w', float32ToFloat16(w), [width, classes]);
    graph.output('logits', graph.op('MatMul', [input, weight]), ['batch', classes]);
    const made = training({ forward: graph.build(), parameters: [{ name: 'w' }] });
    expect(made.model.graph.constants.has('w.float16')).toBe(false);
    close(Array.from(made.state[0]!.initial()), float16ToFloat32(float32ToFloat16(w)));
    const [outputs] = await run(made);
    expect(outputs?.['w.next']).toHaveLength(w.length);
  });

  it.each([
    ['nothing', 'is not a stored weight'],
    ['x', 'is not a stored weight'],
  ])('refuses %s', (name, message) => {
    expect(() => training({ parameters: [{ name }] })).toThrow(message);
  });

  it('refuses one on which the loss does not depend', () => {
    const graph = new GraphBuilder('detached', linear().graph);
    const shadow = graph.op('Mul', ['logits', graph.float32('extra', draw(1), [])]);
    graph.output('shadow', shadow, ['batch', classes]);
    const spec = { forward: graph.build(), outputs: ['shadow'], parameters: [{ name: 'extra' }] };
    expect(() => training(spec)).toThrow('does not depend on extra');
  });
});

describe('batch normalization in training mode', () => {
  it('moves its running statistics', async () => {
    const graph = new GraphBuilder('norm');
    const input = graph.input('x', 'float32', ['batch', width]);
    const vector = (name: string, value: number) =>
      graph.float32(name, new Float32Array(width).fill(value), [width]);
    const tensors = [vector('scale', 1), vector('shift', 0), vector('mean', 1), vector('variance', 2)];
    const attributes = { training_mode: 1, momentum: { float: 0.75 } };
    const [y] = graph.ops('BatchNormalization', [input, ...tensors], attributes, [
      'y',
      'mean_after',
      'variance_after',
    ]);
    graph.output('logits', y!, ['batch', width]);
    const made = training({ forward: graph.build(), parameters: [{ name: 'scale' }] });
    const [outputs] = await run(made);
    const columns = Array.from({ length: width }, (_, column) => rowsOf(x, width).map((row) => row[column]!));
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const means = columns.map(mean);
    const variances = columns.map((values, i) => mean(values.map((value) => (value - means[i]!) ** 2)));
    close(
      outputs?.['mean.next'],
      means.map((value) => 0.75 + 0.25 * value),
    );
    close(
      outputs?.['variance.next'],
      variances.map((value) => 1.5 + 0.25 * value),
    );
    expect(made.state.filter(({ role }) => role === 'statistic').map(({ name }) => name)).toEqual([
      'mean',
      'variance',
    ]);
  });
});

describe('errors', () => {
  const failing = (build: (graph: GraphBuilder, w: string) => string, name = 'w') => {
    const graph = new GraphBuilder('failing');
    const input = graph.input('x', 'float32', ['batch', width]);
    const product = graph.op('MatMul', [input, graph.float32('w', w, [width, classes])]);
    graph.output('logits', build(graph, product), ['batch', classes]);
    try {
      training({ forward: graph.build(), parameters: [{ name }] });
    } catch (error) {
      return error as AutodiffError;
    }
    throw new Error('nothing was refused');
  };

  it('names the node whose op has no rule', () => {
    const error = failing((graph, value) => {
      const places = graph.int64('places', [0]);
      const rows = graph.op('Unsqueeze', [places, graph.int64('axes', [1])]);
      return graph.op('ScatterElements', [value, rows, value], {}, 'the_scatter');
    });
    expect(error).toBeInstanceOf(AutodiffError);
    expect(error.code).toBe('NO_GRADIENT_RULE');
    expect(error.message).toContain('the_scatter');
  });

  it('names the node whose form is not supported', () => {
    const error = failing((graph, value) => graph.op('Clip', [value, value], {}, 'the_clip'));
    expect(error.code).toBe('GRADIENT_NOT_SUPPORTED');
    expect(error.message).toContain('the_clip');
  });

  it('names a parameter behind an op through which no gradient flows', () => {
    const error = failing((graph, value) => graph.op('Sign', [value]));
    expect(error.code).toBe('PARAMETER_INVALID');
    expect(error.message).toContain('does not depend on w');
  });

  it('wants operator set 13 to 17', () => {
    expect(() => training({ forward: { ...linear(), opset: 18 } })).toThrow('operator set 18');
  });
});

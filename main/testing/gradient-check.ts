// Gradients of a graph against central differences of its loss. Test use only.
import ort from 'onnxruntime-node';
import { gradients } from '../autodiff/gradients.ts';
import { GraphBuilder } from '../onnx/builder.ts';
import { encodeModel } from '../onnx/codec.ts';
import type { ElementType, Model } from '../onnx/graph.ts';

/** An input of a checked graph. */
export interface CheckedInput {
  readonly dims: readonly number[];
  /** Integer and boolean inputs are given, not differentiated. */
  readonly type?: 'int64' | 'bool';
  /** Values; drawn from [-1, 1] where absent. */
  readonly values?: readonly number[];
  /** Range that values are drawn from. */
  readonly range?: readonly [number, number];
  /** A float input that is not differentiated. */
  readonly fixed?: boolean;
}

export interface GradientCase {
  readonly inputs: Readonly<Record<string, CheckedInput>>;
  /** Builds y from the inputs; the loss is a random linear function of y. */
  readonly build: (graph: GraphBuilder, inputs: Readonly<Record<string, string>>) => string;
  /** Shape of y. */
  readonly output: readonly number[];
  /** float64 wherever the runtime computes the op in it. */
  readonly type?: 'float32' | 'float64';
  /** Half the distance of the two points of a difference; large for functions that are linear in each input. */
  readonly step?: number;
}

/** Numbers in [0, 1), the same for the same seed. */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // The middle bits of a linear congruence; plenty for test inputs.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 4) / 2 ** 28;
  };
}

type Numbers = number[];

function drawn(input: CheckedInput, next: () => number): Numbers {
  if (input.values) return [...input.values];
  const [low, high] = input.range ?? [-1, 1];
  const count = input.dims.reduce((total, dim) => total * dim, 1);
  return Array.from({ length: count }, () => low + (high - low) * next());
}

function tensorOf(type: ElementType, values: Numbers, dims: readonly number[]): ort.Tensor {
  if (type === 'int64') return new ort.Tensor(type, BigInt64Array.from(values, BigInt), dims);
  if (type === 'bool') return new ort.Tensor(type, Uint8Array.from(values), dims);
  if (type === 'float32') return new ort.Tensor(type, Float32Array.from(values), dims);
  return new ort.Tensor('float64', Float64Array.from(values), dims);
}

/** Fused kernels beyond the basic optimizations exist in single precision only. */
const sessionOptions = { logSeverityLevel: 3, graphOptimizationLevel: 'basic' } as const;

/** Runs a model once; the outputs as plain numbers. */
export async function runOnce(
  model: Model,
  feeds: Readonly<Record<string, ort.Tensor>>,
): Promise<Record<string, Numbers>> {
  const session = await ort.InferenceSession.create(encodeModel(model), sessionOptions);
  try {
    const outputs = await session.run(feeds);
    return Object.fromEntries(
      Object.entries(outputs).map(([name, output]) => [
        name,
        Array.from(output.data as Float64Array, Number),
      ]),
    );
  } finally {
    await session.release();
  }
}

/**
 * The largest difference between the gradients of a case and central differences, relative to the largest
 * gradient of that input.
 */
export async function gradientError(check: GradientCase, seed = 1): Promise<number> {
  const type = check.type ?? 'float64';
  const step = check.step ?? 1e-5;
  const next = randomSource(seed);
  const values = Object.fromEntries(
    Object.entries(check.inputs).map(([name, input]) => [name, drawn(input, next)]),
  );
  const builder = new GraphBuilder('check');
  const names = Object.fromEntries(
    Object.entries(check.inputs).map(([name, input]) => [
      name,
      builder.input(name, input.type ?? type, input.dims),
    ]),
  );
  const weights = drawn({ dims: check.output }, next);
  const y = check.build(builder, names);
  const weighted = builder.op('Mul', [y, builder.input('linear', type, check.output)]);
  const all = builder.op('ReduceSum', [weighted], { keepdims: 0 }, 'all');
  builder.output('loss', all, [], type);
  const forward = builder.build();

  const free = Object.keys(check.inputs).filter((name) => {
    const input = check.inputs[name]!;
    return !input.type && !input.fixed;
  });
  const differentiated = gradients(forward.graph, 'loss', free);
  const outputs = new GraphBuilder('gradients', { ...differentiated.graph, outputs: [] });
  for (const name of free) {
    outputs.output(`d.${name}`, differentiated.gradients.get(name)!, check.inputs[name]!.dims, type);
  }
  const feeds = (changed: Record<string, Numbers>) => ({
    ...Object.fromEntries(
      Object.entries(check.inputs).map(([name, input]) => [
        name,
        tensorOf(input.type ?? type, changed[name]!, input.dims),
      ]),
    ),
    linear: tensorOf(type, weights, check.output),
  });
  const found = await runOnce(outputs.build(), feeds(values));

  const session = await ort.InferenceSession.create(encodeModel(forward), sessionOptions);
  const loss = async (changed: Record<string, Numbers>) =>
    Number((await session.run(feeds(changed))).loss!.data[0]);
  let worst = 0;
  for (const name of free) {
    const gradient = found[`d.${name}`]!;
    const scale = Math.max(...gradient.map(Math.abs), 1e-3);
    for (let i = 0; i < gradient.length; i++) {
      const moved = (by: number) => ({
        ...values,
        [name]: values[name]!.map((value, at) => (at === i ? value + by : value)),
      });
      const difference = ((await loss(moved(step))) - (await loss(moved(-step)))) / (2 * step);
      const error = Math.abs(difference - gradient[i]!) / scale;
      // Written so that NaN is worse than anything.
      if (!(error <= worst)) worst = error;
    }
  }
  await session.release();
  return worst;
}

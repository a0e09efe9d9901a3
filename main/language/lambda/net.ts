// The small net of lambda-EquiLM: last hidden state -> ReLU layer -> one number, of which the softmax over the orbit
// makes weights. Small enough to be computed here, beside the runtime. Pure.
import { readSafetensors, type SafetensorsInput } from '../../backbones/checkpoints/safetensors.ts';
import { DermOrbitError } from '../../contract/errors.ts';

/** Weights as PyTorch's Linear keeps them, row-major. */
export interface LambdaWeights {
  readonly width: number;
  readonly hidden: number;
  /** [hidden, width] */
  readonly first: Float32Array;
  /** [hidden] */
  readonly firstBias: Float32Array;
  /** [1, hidden] */
  readonly second: Float32Array;
  /** [1] */
  readonly secondBias: Float32Array;
}

export interface LambdaNet {
  readonly weights: LambdaWeights;
  /** lambda(h), h [width]. */
  value(state: Float32Array): number;
}

const names = {
  first: 'lambda_lm.fc1.weight',
  firstBias: 'lambda_lm.fc1.bias',
  second: 'lambda_lm.fc2.weight',
  secondBias: 'lambda_lm.fc2.bias',
} as const;

export function lambdaNet(weights: LambdaWeights): LambdaNet {
  const { width, hidden, first, firstBias, second, secondBias } = weights;
  return {
    weights,
    value: (state) => {
      let value = secondBias[0]!;
      for (let j = 0; j < hidden; j++) {
        let sum = firstBias[j]!;
        for (let i = 0; i < width; i++) sum += first[j * width + i]! * state[i]!;
        if (sum > 0) value += sum * second[j]!;
      }
      return value;
    },
  };
}

/**
 * Reads a lambda net.
 * @param bytes a safetensors file with lambda_lm.fc1 [hidden, width] and lambda_lm.fc2 [1, hidden]
 * @param width of the model's hidden states
 * @throws DermOrbitError LANGUAGE_LAMBDA if it is another net, and as readSafetensors
 */
export function readLambdaNet(bytes: Uint8Array, width: number, file: string): LambdaNet {
  const tensors = readSafetensors(bytes);
  const hidden = tensors.get(names.first)?.dims[0] ?? 0;
  const shapes = { first: [hidden, width], firstBias: [hidden], second: [1, hidden], secondBias: [1] };
  const read = (part: keyof typeof names): Float32Array => {
    const tensor = tensors.get(names[part]);
    const [found, expected] = [tensor?.dims.join(', '), shapes[part].join(', ')];
    if (!tensor)
      throw new DermOrbitError('LANGUAGE_LAMBDA', `${file}: the tensor ${names[part]} is missing.`);
    if (found !== expected) {
      const message = `${file}: ${names[part]} has [${found}], expected [${expected}] for a model of width ${width}.`;
      throw new DermOrbitError('LANGUAGE_LAMBDA', message);
    }
    const values = tensor.float32();
    if (values.some((value) => !Number.isFinite(value))) {
      const message = `${file}: ${names[part]} holds a value that is not a number.`;
      throw new DermOrbitError('LANGUAGE_LAMBDA', message);
    }
    return values.slice();
  };
  return lambdaNet({
    width,
    hidden,
    first: read('first'),
    firstBias: read('firstBias'),
    second: read('second'),
    secondBias: read('secondBias'),
  });
}

/** The tensors of a net under the names that {@link readLambdaNet} reads. */
export function lambdaTensors(weights: LambdaWeights): Map<string, SafetensorsInput> {
  const { width, hidden } = weights;
  const tensor = (dims: number[], data: Float32Array): SafetensorsInput => ({ dims, dtype: 'float32', data });
  return new Map([
    [names.first, tensor([hidden, width], weights.first)],
    [names.firstBias, tensor([hidden], weights.firstBias)],
    [names.second, tensor([1, hidden], weights.second)],
    [names.secondBias, tensor([1], weights.secondBias)],
  ]);
}

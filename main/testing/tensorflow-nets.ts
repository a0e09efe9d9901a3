// Small image networks for tests: described once and run by plain loops; tfjs-files.ts and tflite-files.ts write them in
// TensorFlow's formats. Test use only. No disk; the same numbers on every run.
import { seededRandom } from './checkpoint-files.ts';
import {
  naiveConv,
  naiveDense,
  naiveDepthwise,
  naiveEach,
  naivePool,
  type NhwcMap,
  type NhwcWindow,
} from './naive-nhwc.ts';

interface Weighted<Kind> extends NhwcWindow {
  readonly kind: Kind;
  /** Channels made; of a depthwise layer, for each channel. */
  readonly out: number;
  readonly norm: boolean;
  readonly activation: 'linear' | 'relu' | 'relu6';
  /** Adds what the layer took to what it made; the sizes must be the same. */
  readonly residual?: boolean;
}

interface Pooling<Kind> extends NhwcWindow {
  readonly kind: Kind;
}

/** A layer behind the one before. */
export type NetPiece = Weighted<'conv'> | Weighted<'depthwise'> | Pooling<'max'> | Pooling<'average'>;

export interface NetDescription {
  readonly size: number;
  readonly channels: number;
  readonly pieces: readonly NetPiece[];
  /** Classes of a dense layer with softmax at the end; null for a network that ends with a map. */
  readonly classes: number | null;
  /** The map is laid out flat before the dense layer, or its mean is taken. */
  readonly flatten: boolean;
  readonly seed: number;
}

export interface WeightedPiece {
  readonly piece: NetPiece;
  readonly kernel: Float32Array;
  readonly channels: number;
  readonly made: number;
  readonly bias: Float32Array;
  readonly norm: Record<'gamma' | 'beta' | 'moving_mean' | 'moving_variance', Float32Array> | null;
}

export interface SmallNet {
  readonly about: NetDescription;
  readonly pieces: readonly WeightedPiece[];
  readonly dense: { readonly kernel: Float32Array; readonly bias: Float32Array } | null;
  readonly lastMap: { readonly height: number; readonly width: number; readonly channels: number };
}

/** Of every batch norm. */
export const epsilon = 1e-3;
/** Every weight is a half-precision number, so that no format rounds it. */
const numbers = (random: () => number, count: number, from = -1, to = 1) =>
  Float32Array.from({ length: count }, () => from + Math.round(random() * 64) * ((to - from) / 64));

/** A network with random weights. */
export function smallNet(about: NetDescription): SmallNet {
  const random = seededRandom(about.seed);
  let map: NhwcMap = { height: about.size, width: about.size, channels: about.channels, data: [] };
  const pieces = about.pieces.map((piece): WeightedPiece => {
    const { channels } = map;
    const made =
      piece.kind === 'conv' ? piece.out : piece.kind === 'depthwise' ? piece.out * channels : channels;
    const weighted = piece.kind === 'conv' || piece.kind === 'depthwise';
    const inside = piece.kind === 'conv' ? channels * made : made;
    const kernel = numbers(random, weighted ? piece.height * piece.width * inside : 0);
    const bias = numbers(random, weighted ? made : 0);
    const norm =
      weighted && piece.norm
        ? {
            gamma: numbers(random, made, 0.5, 1.5),
            beta: numbers(random, made),
            moving_mean: numbers(random, made),
            moving_variance: numbers(random, made, 0.25, 2.25),
          }
        : null;
    const found = { piece, kernel, channels, made, bias, norm };
    map = runPiece({ ...map, data: new Array<number>(map.height * map.width * channels).fill(0) }, found);
    return found;
  });
  const { height, width, channels } = map;
  const taken = about.flatten ? height * width * channels : channels;
  const { classes } = about;
  const dense =
    classes === null ? null : { kernel: numbers(random, taken * classes), bias: numbers(random, classes) };
  return { about, pieces, dense, lastMap: { height, width, channels } };
}

/** What a layer makes of a map. */
export function runPiece(map: NhwcMap, { piece, kernel, bias, norm }: WeightedPiece): NhwcMap {
  if (piece.kind === 'max' || piece.kind === 'average') return naivePool(map, piece, piece.kind);
  const run = piece.kind === 'conv' ? naiveConv : naiveDepthwise;
  let made = naiveEach(run(map, piece, kernel, piece.out), (value, channel) => value + bias[channel]!);
  if (norm) {
    const { gamma, beta, moving_mean: mean, moving_variance: variance } = norm;
    made = naiveEach(
      made,
      (value, c) => ((value - mean[c]!) / Math.sqrt(variance[c]! + epsilon)) * gamma[c]! + beta[c]!,
    );
  }
  const ceiling = piece.activation === 'relu6' ? 6 : Infinity;
  if (piece.activation !== 'linear') made = naiveEach(made, (value) => Math.min(ceiling, Math.max(0, value)));
  if (!piece.residual) return made;
  return { ...made, data: made.data.map((value, i) => value + map.data[i]!) };
}

/** What the network makes of a picture, by plain loops: a map in NHWC, or shares of the classes. */
export function runNaively(net: SmallNet, picture: readonly number[]): number[] {
  const { size, channels, flatten } = net.about;
  let map: NhwcMap = { height: size, width: size, channels, data: picture };
  for (const piece of net.pieces) map = runPiece(map, piece);
  if (!net.dense) return [...map.data];
  const cells = map.height * map.width;
  const pooled = Array.from({ length: map.channels }, (_, c) => {
    let sum = 0;
    for (let cell = 0; cell < cells; cell++) sum += map.data[cell * map.channels + c]!;
    return sum / cells;
  });
  const logits = naiveDense(flatten ? map.data : pooled, net.dense.kernel, net.dense.bias);
  const shares = logits.map((value) => Math.exp(value - Math.max(...logits)));
  const total = shares.reduce((a, b) => a + b, 0);
  return shares.map((share) => share / total);
}

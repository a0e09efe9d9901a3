// The file as it came and the two graphs that were made of it are asked about the same pictures, and must answer alike.
import { DermOrbitError } from '../../contract/errors.ts';
import type { Normalisation } from '../../contract/pictures.ts';
import type { Tensor } from '../../contract/tensor.ts';
import { encodeModel } from '../../onnx/codec.ts';
import type { ForeignModel } from '../../onnx/foreign/read.ts';
import { elementTypes, pruneToOutputs, type Graph, type Model } from '../../onnx/graph.ts';
import type { GraphSession, OpenGraph } from '../backbone.ts';
import type { Ending, LastLayer } from './find-head.ts';
import type { PictureInput } from './picture-input.ts';
import { furthest, sequence } from './probe.ts';
import type { SplitSpec } from './split.ts';

/** How far the two parts may be from the whole, relative to its largest score. */
const tolerance = { single: 1e-4, half: 2e-2 } as const;
const probes = 2;

/** What is compared. */
export interface Comparison {
  readonly foreign: ForeignModel;
  readonly input: PictureInput;
  /** Name of the file's output. */
  readonly output: string;
  readonly classes: number;
  readonly ending: Ending;
  readonly layer: LastLayer | null;
  readonly normalisation: Normalisation;
  readonly spec: SplitSpec;
  readonly tower: Model;
  readonly head: Model;
}

/** The parts must answer as the file does. @throws DermOrbitError ONNX_UNFAITHFUL, INFERENCE_FAILED */
export async function requireFaithful(compared: Comparison, open: OpenGraph): Promise<void> {
  const { foreign, input, output, classes, ending, layer, normalisation, spec, tower, head } = compared;
  const pictures = probePictures(spec.size, normalisation);
  const expected = await scoresOfFile(foreign, input, output, pictures, spec.size, open);
  const found = await scoresOfParts(spec, tower, head, pictures, open);
  const scores = found.map((embedding) =>
    endedAs(ending, layer ? product(embedding, layer, classes) : embedding),
  );
  const limit = isHalfPrecision(foreign.model.graph) ? tolerance.half : tolerance.single;
  for (const [index, score] of scores.entries()) {
    const whole = expected[index]!;
    if (!whole.every(Number.isFinite)) {
      throw new DermOrbitError(
        'INFERENCE_FAILED',
        'The model answers a picture with something that is not a number.',
      );
    }
    const scale = Math.max(1, ...whole.map(Math.abs));
    const distance = furthest(score, whole) / scale;
    // Written so that NaN fails too.
    if (!(distance <= limit)) {
      throw new DermOrbitError(
        'ONNX_UNFAITHFUL',
        `Divided at "${spec.cut?.value ?? output}", the model's answers to a test picture are ${distance.toExponential(1)} away from those of the whole file.`,
      );
    }
  }
}

/** Pictures without symmetry, in the numbers that the network is given; one row each, [3, R, R]. */
function probePictures(size: number, { mean, std }: Normalisation): Float32Array[] {
  const next = sequence(3);
  return Array.from({ length: probes }, (_, picture) => {
    const plane = size * size;
    return Float32Array.from({ length: 3 * plane }, (_none, i) => {
      const [channel, row, column] = [Math.floor(i / plane), Math.floor((i % plane) / size), i % size];
      const smooth = Math.sin(row / (5 + picture)) * Math.cos(column / (7 + channel)) + column / size;
      const pixel = Math.round(Math.min(255, Math.max(0, 110 + 60 * smooth + 30 * next())));
      return (pixel / 255 - mean[channel]!) / std[channel]!;
    });
  });
}

/** The file itself, as it was read, with its own operators and types. */
async function scoresOfFile(
  { model }: ForeignModel,
  input: PictureInput,
  output: string,
  pictures: readonly Float32Array[],
  size: number,
  open: OpenGraph,
): Promise<Float32Array[]> {
  const session = await open(encodeModel(withSingleEnds(model, input, output)));
  try {
    const count = input.batch ?? 1;
    const rows: Float32Array[] = [];
    for (const picture of pictures) {
      const one = input.layout === 'NCHW' ? picture : channelsLast(picture, size);
      const whole = input.type === 'uint8' ? one.map(Math.round) : one;
      const data = new Float32Array(whole.length * count);
      for (let copy = 0; copy < count; copy++) data.set(whole, copy * whole.length);
      const dims = input.layout === 'NCHW' ? [count, 3, size, size] : [count, size, size, 3];
      const found: Record<string, Tensor> = await session.run({ 'file/picture': { data, dims } });
      const { data: scores } = found['file/answer']!;
      rows.push(scores.subarray(0, scores.length / count));
    }
    return rows;
  } finally {
    await session.release();
  }
}

/** The file's graph, given and giving single precision whatever it works in. */
function withSingleEnds({ graph, opset }: Model, input: PictureInput, output: string): Model {
  const declared = graph.inputs.find(({ name }) => name === input.name)!;
  const pruned = pruneToOutputs({ ...graph, outputs: [{ name: output, type: 'float32', dims: [] }] }, [
    output,
  ]);
  const cast = (from: string, to: string, type: number) => ({
    ...{ op: 'Cast', name: to, inputs: [from], outputs: [to] },
    attributes: { to: { int: type } },
  });
  const nodes = [
    cast('file/picture', input.name, elementTypes[declared.type].onnx),
    ...pruned.nodes,
    cast(output, 'file/answer', elementTypes.float32.onnx),
  ];
  const dims = declared.dims.length === 0 ? ['batch', 'a', 'b', 'c'] : declared.dims;
  return {
    opset,
    graph: {
      ...pruned,
      nodes,
      inputs: [{ name: 'file/picture', type: 'float32', dims }],
      outputs: [{ name: 'file/answer', type: 'float32', dims: ['n', 'classes'] }],
    },
  };
}

async function scoresOfParts(
  spec: SplitSpec,
  tower: Model,
  head: Model,
  pictures: readonly Float32Array[],
  open: OpenGraph,
): Promise<Float32Array[]> {
  const opened: GraphSession[] = [];
  try {
    for (const model of [tower, head]) opened.push(await open(encodeModel(model)));
    const [first, second] = opened as [GraphSession, GraphSession];
    const { size, width } = spec;
    // All of them at once, if the graph takes them: that the batch is free is part of what is tried.
    const runs = spec.batch === 1 ? pictures.map((picture) => [picture]) : [pictures];
    const rows: Float32Array[] = [];
    for (const run of runs) {
      const data = new Float32Array(run.length * 3 * size * size);
      run.forEach((picture, index) => {
        data.set(picture, index * picture.length);
      });
      const views = await first.run({ image: { data, dims: [run.length, 3, size, size] } });
      const { embedding } = await second.run(views);
      run.forEach((_, index) => rows.push(embedding!.data.slice(index * width, (index + 1) * width)));
    }
    return rows;
  } finally {
    for (const session of opened) await session.release();
  }
}

function channelsLast(picture: Float32Array, size: number): Float32Array {
  const plane = size * size;
  return Float32Array.from(picture, (_, i) => picture[(i % 3) * plane + Math.floor(i / 3)]!);
}

function product(embedding: Float32Array, { matrix, bias, width }: LastLayer, classes: number): Float32Array {
  return Float32Array.from({ length: classes }, (_, k) => {
    let sum = bias?.[k] ?? 0;
    for (let e = 0; e < width; e++) sum += embedding[e]! * matrix[e * classes + k]!;
    return sum;
  });
}

function endedAs(ending: Ending, logits: Float32Array): Float32Array {
  if (ending === 'sigmoid') return logits.map((logit) => 1 / (1 + Math.exp(-logit)));
  if (ending === 'none') return logits;
  const shares = softmaxOf(logits);
  return ending === 'softmax' ? shares : shares.map(Math.log);
}

function isHalfPrecision({ constants, nodes }: Graph): boolean {
  if ([...constants.values()].some(({ type }) => type === 'float16')) return true;
  const { onnx } = elementTypes.float16;
  return nodes.some(({ op, attributes: { to } }) => op === 'Cast' && to && 'int' in to && to.int === onnx);
}

/** Shares that add up to 1. */
function softmaxOf(logits: Float32Array): Float32Array {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

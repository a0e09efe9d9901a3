// A network of TensorFlow as an ONNX model: the needed steps in order, batch norms folded, one row of layer-rows.ts for
// each. Pure.
import { DermOrbitError } from '../../contract/errors.ts';
import { GraphBuilder } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import { folded, type ReadStep } from './fold.ts';
import { layerRows, type RowContext, type Value, type WeightedGraph } from './layer-rows.ts';
import { weightNames } from './names.ts';
import { invalid, type Layer, type Network, type Step } from './network.ts';
import { stepsBetween } from './steps.ts';

/** Which part of a file is read, and for pictures of which size. */
export interface ReadOptions {
  /** Name of the value that the model begins with, as the file has it; the network's input where it is not given. */
  readonly from?: string | undefined;
  /** Name of the value that is the model's result; the network's own result where it is not given. */
  readonly to?: string | undefined;
  /** Height and width of the pictures; those that the file says where it is not given. */
  readonly size?: number | undefined;
}

/** A weight beyond this is no trained one: sums of a layer would leave single precision. */
const largestWeight = 1e9;

/** Larger pictures than any image network was trained on. */
const largestSize = 4096;

/**
 * @returns a model of operator set 17: `image` float32 [batch, channels, size, size] -> `features`
 *   [batch, channels, height, width], or `output` [batch, length] where the result is no map. Weights are float32
 *   constants `NAME.weight` and `NAME.bias`; pads are numbers, so the model is for pictures of this size.
 * @throws DermOrbitError TENSORFLOW_INVALID, TENSORFLOW_UNSUPPORTED, CHECKPOINT_NOT_FINITE, OPTION_INVALID (a name that
 *   the file does not have, a size that is none)
 */
export function toOnnx(network: Network, options: ReadOptions = {}): Model {
  const from = options.from === undefined ? network.input.id : valueNamed(network, options.from).id;
  const to = options.to === undefined ? onlyOutput(network) : valueNamed(network, options.to).id;
  const [height, width] = sizeOfPictures(network, options.size);
  const channels = network.input.dims[2];
  if (from !== network.input.id) requirePixelwise(network, from);

  const steps = folded(stepsBetween(network, from, to), to);
  const builder = new GraphBuilder('tensorflow');
  const image = builder.input('image', 'float32', ['batch', channels, height, width]);
  const graph = withChecks(builder);
  const values = new Map<string, Value>([[from, { name: image, dims: [channels, height, width] }]]);
  const names = weightNames(steps.filter(({ layer }) => hasWeights(layer)).map(({ label }) => label));
  for (const step of steps) {
    const inputs = step.inputs.map((id) => values.get(id)!);
    const name = names.get(step.label) ?? weightNames([step.label]).get(step.label)!;
    values.set(step.id, rowOf(step, { graph, label: step.label, name, inputs }));
  }

  const result = values.get(to)!;
  if (result.flattened)
    throw invalid('The result is a map laid out flat; cut the network at the map itself.');
  builder.output(result.dims.length === 3 ? 'features' : 'output', result.name, ['batch', ...result.dims]);
  return builder.build();
}

function rowOf({ layer }: ReadStep, context: RowContext): Value {
  const row = layerRows[layer.kind] as (layer: Layer, context: RowContext) => Value;
  return row(layer, context);
}

const hasWeights = ({ kind }: Layer) => kind === 'conv' || kind === 'dense' || kind === 'affine';

/** A value by the name that the file gives it; TensorFlow Lite joins several with semicolons, of which the first will do. */
function valueNamed(network: Network, name: string): { readonly id: string } {
  if (name === network.input.id) return network.input;
  const steps = [...network.steps.values()];
  // The last of that name: an operator and the function that it applies to its result are two steps.
  const found =
    network.steps.get(name) ??
    steps.findLast(({ label }) => label === name) ??
    steps.findLast(({ label }) => label.split(';')[0] === name);
  if (found) return found;
  throw new DermOrbitError('OPTION_INVALID', `The network has no value "${name}".`);
}

function onlyOutput({ outputs }: Network): string {
  if (outputs.length === 1) return outputs[0]!;
  throw new DermOrbitError(
    'OPTION_INVALID',
    `The network has ${outputs.length} results; name the value that is to be the model's result.`,
  );
}

function sizeOfPictures({ input }: Network, wanted: number | undefined): [number, number] {
  const [height, width] = wanted === undefined ? input.dims : [wanted, wanted];
  if (height === null || width === null) {
    throw new DermOrbitError('OPTION_INVALID', 'The file does not say how large its pictures are; say it.');
  }
  for (const side of [height, width]) {
    if (Number.isInteger(side) && side >= 1 && side <= largestSize) continue;
    const message = `Pictures of ${side} pixels: 1 to ${largestSize} are possible.`;
    throw wanted === undefined ? invalid(message) : new DermOrbitError('OPTION_INVALID', message);
  }
  return [height, width];
}

/** A model that begins behind the network's input still takes pictures: only single pixels may have been changed before. */
function requirePixelwise(network: Network, from: string): void {
  const kinds = new Set<Layer['kind']>(['affine', 'identity']);
  const before: Step[] = stepsBetween(network, network.input.id, from);
  const other = before.find(({ layer }) => !kinds.has(layer().kind));
  if (other) {
    throw new DermOrbitError('OPTION_INVALID', `"${other.label}" lies before the value to begin with.`);
  }
}

function withChecks(builder: GraphBuilder): WeightedGraph {
  const scalars = new Map<number, string>();
  return {
    builder,
    weights(name, weights) {
      for (const value of weights.data) {
        if (Math.abs(value) <= largestWeight) continue;
        throw new DermOrbitError('CHECKPOINT_NOT_FINITE', `The weights ${name} hold ${value}.`);
      }
      return builder.float32(name, weights.data, weights.dims);
    },
    scalar(value) {
      const known = scalars.get(value);
      if (known !== undefined) return known;
      const made = builder.float32(`constant.${value}`, Float32Array.of(value), []);
      scalars.set(value, made);
      return made;
    },
  };
}

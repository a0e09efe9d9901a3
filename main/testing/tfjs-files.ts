// Small networks as files of TensorFlow.js, Keras layers or graph. Test use only.
import { float32ToFloat16 } from '../onnx/float16.ts';
import { epsilon, type SmallNet, type WeightedPiece } from './tensorflow-nets.ts';

/** A weight of a TensorFlow.js model on its way into a shard. */
export interface TfjsWeightInput {
  readonly name: string;
  readonly shape: readonly number[];
  /** Integers (axes, shapes) are stored as they are. */
  readonly values: Float32Array | Int32Array;
}

export type TfjsStorage = 'float32' | 'float16' | 'uint8' | 'uint16';

/** Files of a TensorFlow.js model by name: model.json and two shards, the first of which ends inside a tensor. */
export function tfjsFiles(
  model: Readonly<Record<string, unknown>>,
  weights: readonly TfjsWeightInput[],
  storage: TfjsStorage = 'float32',
): Map<string, Uint8Array> {
  const stored = weights.map((weight) => ({ weight, ...storedBytes(weight.values, storage) }));
  const all = Buffer.concat(stored.map(({ bytes }) => bytes));
  const cut = Math.floor(all.length / 2);
  const names = ['group1-shard1of2.bin', 'group1-shard2of2.bin'];
  const manifest = [
    {
      paths: names,
      weights: stored.map(({ weight: { name, shape, values }, quantization }) => ({
        ...{ name, shape, dtype: values instanceof Int32Array ? 'int32' : 'float32' },
        ...(quantization ? { quantization } : {}),
      })),
    },
  ];
  const json = JSON.stringify({ ...model, weightsManifest: manifest });
  return new Map([
    ['model.json', new TextEncoder().encode(json)],
    [names[0]!, Uint8Array.from(all.subarray(0, cut))],
    [names[1]!, Uint8Array.from(all.subarray(cut))],
  ]);
}

function storedBytes(
  values: Float32Array | Int32Array,
  storage: TfjsStorage,
): { bytes: Uint8Array; quantization?: object } {
  const bytesOf = (array: Float32Array | Int32Array | Uint16Array | Uint8Array) =>
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  if (storage === 'float32' || values instanceof Int32Array) return { bytes: bytesOf(values) };
  if (storage === 'float16') {
    return { bytes: bytesOf(float32ToFloat16(values)), quantization: { dtype: 'float16' } };
  }
  const most = storage === 'uint8' ? 255 : 65_535;
  const min = Math.min(0, ...values);
  const scale = Math.max(1e-3, Math.max(0, ...values) - min) / most;
  const codes = Array.from(values, (value) => Math.round((value - min) / scale));
  return {
    bytes: bytesOf(storage === 'uint8' ? Uint8Array.from(codes) : Uint16Array.from(codes)),
    quantization: { dtype: storage, scale, min },
  };
}

const kernelShape = ({ piece, channels, made }: WeightedPiece) =>
  piece.kind === 'conv'
    ? [piece.height, piece.width, channels, made]
    : [piece.height, piece.width, channels, made / channels];

/** Kernel, bias and batch norm of every piece as named weights. */
function namedWeights(net: SmallNet): TfjsWeightInput[] {
  const weights = net.pieces.flatMap((piece, i): TfjsWeightInput[] => {
    const { kernel, bias, norm, made } = piece;
    if (kernel.length === 0) return [];
    const part = piece.piece.kind === 'conv' ? 'kernel' : 'depthwise_kernel';
    return [
      { name: `layer_${i}/${part}`, shape: kernelShape(piece), values: kernel },
      { name: `layer_${i}/bias`, shape: [made], values: bias },
      ...Object.entries(norm ?? {}).map(([name, values]) => ({
        ...{ name: `norm_${i}/${name}`, shape: [made], values },
      })),
    ];
  });
  if (!net.dense) return weights;
  const { kernel, bias } = net.dense;
  return [
    ...weights,
    { name: 'head/kernel', shape: [kernel.length / bias.length, bias.length], values: kernel },
    { name: 'head/bias', shape: [bias.length], values: bias },
  ];
}

/** The network as a Keras model of TensorFlow.js. */
export function asKeras(net: SmallNet, storage: TfjsStorage = 'float32'): Map<string, Uint8Array> {
  const { size, channels } = net.about;
  const layers: object[] = [];
  let last = '';
  const add = (class_name: string, name: string, config: object, inputs: readonly string[] = [last]) => {
    const inbound = inputs[0] === '' ? [] : [inputs.map((input) => [input, 0, 0, {}])];
    layers.push({ class_name, name, config: { name, ...config }, inbound_nodes: inbound });
    last = name;
  };
  add('InputLayer', 'picture', { batch_input_shape: [null, size, size, channels] });
  for (const [i, { piece }] of net.pieces.entries()) {
    const before = last;
    const { height, width, stride, padding } = piece;
    if (piece.kind === 'max' || piece.kind === 'average') {
      const name = piece.kind === 'max' ? 'MaxPooling2D' : 'AveragePooling2D';
      add(name, `layer_${i}`, { pool_size: [height, width], strides: [stride, stride], padding });
      continue;
    }
    const own = piece.norm ? 'linear' : piece.activation;
    const name = piece.kind === 'conv' ? 'Conv2D' : 'DepthwiseConv2D';
    const window = { kernel_size: [height, width], strides: [stride, stride], padding };
    add(name, `layer_${i}`, { ...window, use_bias: true, activation: own });
    if (piece.norm) {
      add('BatchNormalization', `norm_${i}`, { axis: -1, epsilon });
      if (piece.activation === 'relu6') add('ReLU', `relu_${i}`, { max_value: 6 });
      if (piece.activation === 'relu') add('Activation', `relu_${i}`, { activation: 'relu' });
    }
    if (piece.residual) add('Add', `add_${i}`, {}, [before, last]);
  }
  if (net.dense) {
    add(net.about.flatten ? 'Flatten' : 'GlobalAveragePooling2D', 'pooled', {});
    add('Dropout', 'dropout', { rate: 0.5 });
    add('Dense', 'head', { activation: 'softmax', use_bias: true });
  }
  const config = { name: 'net', layers, input_layers: [['picture', 0, 0]], output_layers: [[last, 0, 0]] };
  const modelTopology = { keras_version: '2.2.4', model_config: { class_name: 'Model', config } };
  return tfjsFiles({ modelTopology }, namedWeights(net), storage);
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** The network as a graph of TensorFlow.js: biases and functions fused, batch norms as operators. */
export function asGraph(net: SmallNet, storage: TfjsStorage = 'float32'): Map<string, Uint8Array> {
  const { size, channels } = net.about;
  const dim = [-1, size, size, channels].map((side) => ({ size: String(side) }));
  const weights = namedWeights(net);
  const axes = { name: 'axes', shape: [2], values: Int32Array.of(1, 2) };
  const flat = {
    name: 'flat',
    shape: [2],
    values: Int32Array.of(-1, (net.dense?.kernel.length ?? 0) / (net.about.classes ?? 1)),
  };
  const constants = [...weights, ...(net.dense ? [net.about.flatten ? flat : axes] : [])];
  const node: object[] = [
    { name: 'picture', op: 'Placeholder', attr: { shape: { shape: { dim } } } },
    ...constants.map(({ name }) => ({ name, op: 'Const', attr: {} })),
  ];
  let last = 'picture';
  const add = (op: string, name: string, inputs: readonly string[], attr: object = {}) => {
    node.push({ name, op, input: inputs, attr });
    last = name;
  };
  for (const [i, { piece }] of net.pieces.entries()) {
    const before = last;
    const list = (height: number, width: number) => ({
      list: { i: ['1', String(height), String(width), '1'] },
    });
    const padding = { s: base64(piece.padding.toUpperCase()) };
    const strides = list(piece.stride, piece.stride);
    if (piece.kind === 'max' || piece.kind === 'average') {
      const op = piece.kind === 'max' ? 'MaxPool' : 'AvgPool';
      add(op, `layer_${i}`, [last], { ksize: list(piece.height, piece.width), strides, padding });
      continue;
    }
    const part = piece.kind === 'conv' ? 'kernel' : 'depthwise_kernel';
    const op = piece.kind === 'conv' ? '_FusedConv2D' : 'FusedDepthwiseConv2dNative';
    const name = { linear: null, relu: 'Relu', relu6: 'Relu6' }[piece.activation];
    const fused = ['BiasAdd', ...(name !== null && !piece.norm ? [name] : [])].map(base64);
    const inputs = [last, `layer_${i}/${part}`, `layer_${i}/bias`];
    add(op, `made_${i}`, inputs, { strides, padding, fused_ops: { list: { s: fused } } });
    if (piece.norm) {
      const parts = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((key) => `norm_${i}/${key}`);
      add('FusedBatchNormV3', `normal_${i}`, [last, ...parts], { epsilon: { f: epsilon } });
      if (name !== null) add(name, `relu_${i}`, [last]);
    }
    if (piece.residual) add('AddV2', `add_${i}`, [before, `${last}:0`]);
  }
  if (net.dense) {
    if (net.about.flatten) add('Reshape', 'pooled', [last, 'flat']);
    else add('Mean', 'pooled', [last, 'axes']);
    const fused_ops = { list: { s: [base64('BiasAdd')] } };
    add('_FusedMatMul', 'logits', [last, 'head/kernel', 'head/bias'], { fused_ops });
    add('Softmax', 'shares', [last]);
  }
  add('Identity', 'Identity', [last]);
  const signature = { outputs: { 'Identity:0': { name: 'Identity:0' } } };
  const model = { format: 'graph-model', userDefinedMetadata: { signature }, modelTopology: { node } };
  return tfjsFiles(model, constants, storage);
}

// The one picture that a network takes: which input it is, how its axes are ordered, and how large it must be.
import { DermOrbitError } from '../../contract/errors.ts';
import type { DeclaredValue } from '../../onnx/foreign/read.ts';
import type { ElementType, Graph } from '../../onnx/graph.ts';

export interface PictureInput {
  readonly name: string;
  readonly type: ElementType;
  readonly layout: 'NCHW' | 'NHWC';
  /** Pictures at a time, where the file fixes it. */
  readonly batch: number | null;
  /** Side of the square; null where the network takes any. */
  readonly size: number | null;
}

const pictureTypes: ReadonlySet<ElementType> = new Set(['float32', 'float16', 'float64', 'uint8']);

/** A shape as a message shows it: batch x 3 x 224 x 224. */
export const shapeText = (dims: readonly (number | string)[]) => dims.join(' x ');

const listed = (names: readonly string[]) => names.map((name) => `"${name}"`).join(' and ');

/**
 * @param inputs those that what is asked of the graph depends on
 * @throws DermOrbitError ONNX_INPUT, ONNX_NOT_SQUARE
 */
export function pictureInput(inputs: readonly DeclaredValue[], graph: Graph): PictureInput {
  const [input, ...others] = inputs;
  if (!input) throw notOnePicture('This model takes no input at all.');
  if (others.length > 0) {
    const pictures = inputs.filter(({ info }) => info?.dims.length === 4);
    throw notOnePicture(
      pictures.length > 1
        ? `This model takes ${pictures.length} pictures (${listed(pictures.map(({ name }) => name))}).`
        : `This model takes ${inputs.length} inputs (${listed(inputs.map(({ name }) => name))}).`,
    );
  }
  const { name, info } = input;
  if (!info) throw notOnePicture(`The input "${name}" of this model is not a tensor of numbers.`);
  const { type } = info;
  // A shape that the file leaves out is taken for that of most networks.
  const dims = info.dims.length === 0 ? ['batch', 3, 'height', 'width'] : info.dims;
  if (dims.length !== 4) {
    throw notOnePicture(`This model takes a signal ("${name}", ${shapeText(dims)}), not a picture.`);
  }
  if (!pictureTypes.has(type)) {
    throw notOnePicture(`The input "${name}" of this model holds ${type}, which pictures are not made of.`);
  }
  const layout = layoutOf(dims, name, graph);
  const [rows, columns] = layout === 'NCHW' ? [dims[2]!, dims[3]!] : [dims[1]!, dims[2]!];
  if (typeof rows === 'number' && typeof columns === 'number' && rows !== columns) {
    throw new DermOrbitError(
      'ONNX_NOT_SQUARE',
      `This model takes pictures of ${rows} x ${columns}. A quarter turn would change that shape.`,
    );
  }
  const size = [rows, columns].find((side) => typeof side === 'number');
  return {
    name,
    type,
    layout,
    batch: typeof dims[0] === 'number' ? dims[0] : null,
    size: typeof size === 'number' ? size : null,
  };
}

function layoutOf(dims: readonly (number | string)[], name: string, graph: Graph): PictureInput['layout'] {
  if (dims[1] === 3) return 'NCHW';
  if (dims[3] === 3) return 'NHWC';
  const channels = [dims[1]!, dims[3]!].find((dim) => dim === 1 || dim === 4);
  if (typeof dims[1] === 'number' && typeof dims[3] === 'number') {
    throw notOnePicture(
      channels === undefined
        ? `The input "${name}" of this model, ${shapeText(dims)}, has no axis of three colours.`
        : `This model takes pictures of ${channels} channel${channels === 1 ? '' : 's'} (${shapeText(dims)}), not of three colours.`,
    );
  }
  // Where the file leaves the colours open, the first convolution tells: it works on the second axis.
  const convolves = graph.nodes.some(({ op, inputs }) => op === 'Conv' && inputs[0] === name);
  return convolves || typeof dims[3] === 'number' ? 'NCHW' : typeof dims[1] === 'number' ? 'NHWC' : 'NCHW';
}

function notOnePicture(message: string): DermOrbitError {
  return new DermOrbitError(
    'ONNX_INPUT',
    `${message} DermOrbit works with models that take one picture in colour.`,
  );
}

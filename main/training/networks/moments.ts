// Mean and variance of what layers of an image tower make of training images.
import type { Provider } from '../../contract/settings.ts';
import { openSession } from '../../engine/runtime.ts';
import { GraphBuilder } from '../../onnx/builder.ts';
import { encodeModel } from '../../onnx/codec.ts';
import { inlineGraph } from '../../onnx/compose.ts';
import type { Graph } from '../../onnx/graph.ts';
import type { Part } from '../step.ts';

/** Per channel, over images and places. */
export interface Moments {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/**
 * @param tower `image` [batch, 3, R, R]
 * @param values its values [batch, C, h, w] by the name that their moments get
 * @param parts batches of images, alike in size: `views` [batch, 3, R, R]
 */
export async function momentsOf(
  tower: Graph,
  values: readonly { readonly name: string; readonly output: string }[],
  parts: readonly (() => Promise<Part>)[],
  provider: Provider,
): Promise<Map<string, Moments>> {
  const session = await openSession(encodeModel(momentsGraph(tower, values)), provider);
  const sums = new Map<string, Float64Array>();
  try {
    for (const part of parts) {
      const outputs = await session.run((await part()).feeds);
      for (const [name, { data }] of Object.entries(outputs)) {
        const sum = sums.get(name) ?? new Float64Array(data.length);
        data.forEach((value, channel) => (sum[channel]! += value / parts.length));
        sums.set(name, sum);
      }
    }
  } finally {
    await session.release();
  }
  return new Map(
    values.map(({ name }) => {
      const [mean, second] = [sums.get(`${name}.first`)!, sums.get(`${name}.second`)!];
      const variance = second.map((square, channel) => Math.max(0, square - mean[channel]! ** 2));
      return [name, { mean, variance }];
    }),
  );
}

/** `views` -> of every value y its mean (`NAME.first`) and that of y squared (`NAME.second`), [C] each. */
function momentsGraph(tower: Graph, values: readonly { readonly name: string; readonly output: string }[]) {
  const graph = new GraphBuilder('moments');
  const [{ dims }] = tower.inputs as [Graph['inputs'][number]];
  const views = graph.input('views', 'float32', ['batch', ...dims.slice(1)]);
  inlineGraph(graph, tower, { image: views });
  for (const { name, output } of values) {
    const square = graph.op('Mul', [output, output], {}, `${name}.square`);
    for (const [moment, value] of [
      ['first', output],
      ['second', square],
    ] as const) {
      const axes = { axes: [0, 2, 3], keepdims: 0 };
      graph.output(`${name}.${moment}`, graph.op('ReduceMean', [value], axes, `${name}.mean_${moment}`), [
        'channels',
      ]);
    }
  }
  return graph.build();
}

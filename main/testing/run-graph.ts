// Runs a graph of the product once, on cpu, and lets go of it. Test use only.
import type { Tensor } from '../contract/tensor.ts';
import { openSession, type Feed } from '../engine/runtime.ts';
import { decodeModel, encodeModel } from '../onnx/codec.ts';
import type { Model } from '../onnx/graph.ts';

/** Outputs by name. The graph passes through its file format, as in a package. */
export async function runGraph(
  model: Model,
  feeds: Readonly<Record<string, Feed>>,
): Promise<Record<string, Tensor>> {
  const bytes = encodeModel(model);
  decodeModel(bytes);
  const session = await openSession(bytes, 'cpu');
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

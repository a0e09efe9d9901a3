// A graph that takes one picture at a time, asked about many.
import { sizeOf, type Tensor } from '../contract/tensor.ts';
import type { Feed, RuntimeSession } from './runtime.ts';

/** The same graph for any number of pictures: it runs once for each, and the results are joined along the first axis. */
export function oneByOne(session: RuntimeSession): RuntimeSession {
  return {
    async run(feeds) {
      const names = Object.keys(feeds);
      const count = feeds[names[0]!]!.dims[0]!;
      const results: Record<string, Tensor>[] = [];
      for (let index = 0; index < count; index++) {
        const own = names.map((name): [string, Feed] => [name, rowOf(feeds[name]!, index)]);
        results.push(await session.run(Object.fromEntries(own)));
      }
      return Object.fromEntries(
        Object.keys(results[0] ?? {}).map((name) => [
          name,
          joinedRows(results.map((result) => result[name]!)),
        ]),
      );
    },
    release: () => session.release(),
  };
}

function rowOf({ data, dims }: Feed, index: number): Feed {
  const length = sizeOf(dims.slice(1));
  const [start, end] = [index * length, (index + 1) * length];
  const own = [1, ...dims.slice(1)];
  return data instanceof BigInt64Array
    ? { data: data.subarray(start, end), dims: own }
    : { data: data.subarray(start, end), dims: own };
}

function joinedRows(parts: readonly Tensor[]): Tensor {
  const [first] = parts as [Tensor];
  const length = first.data.length;
  const data = new Float32Array(length * parts.length);
  parts.forEach((part, index) => {
    data.set(part.data, index * length);
  });
  return { data, dims: [parts.length * first.dims[0]!, ...first.dims.slice(1)] };
}

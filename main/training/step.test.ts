// A step over a batch in parts: the same as over the whole batch, and each can go on where the other ended, as when a
// run's later pictures are too large to pass at once.
import { expect, it } from 'vitest';
import type { Tensor } from '../contract/tensor.ts';
import { GraphBuilder } from '../onnx/builder.ts';
import { Stepper, type Part } from './step.ts';

const batch = 4;
const [inputs, classes] = [3, 2];

function linear() {
  const graph = new GraphBuilder('linear');
  const x = graph.input('x', 'float32', ['batch', inputs]);
  const weight = graph.float32(
    'weight',
    Float32Array.from({ length: 6 }, (_, i) => Math.sin(i)),
    [3, 2],
  );
  graph.output('logits', graph.op('MatMul', [x, weight]), ['batch', classes]);
  return graph.build();
}

const open = (part: number) =>
  Stepper.open({
    forward: linear(),
    parameters: ['weight'],
    config: {
      ...{ loss: 'updated', optimizer: 'adamw', momentum: 0.9, nesterov: false },
      ...{ weightDecay: 0.1, clip: 0.05, batch },
    },
    averaging: 0.9,
    part,
    provider: 'cpu',
  });

/** A batch, cut into parts. */
function partsOf(part: number, seed: number): (() => Promise<Part>)[] {
  return Array.from({ length: batch / part }, (_, index) => () => {
    const rows = Array.from({ length: part }, (_, row) => index * part + row);
    const x: Tensor = {
      data: Float32Array.from(rows.flatMap((row) => [0, 1, 2].map((i) => Math.cos(seed + 5 * row + i)))),
      dims: [part, inputs],
    };
    return Promise.resolve({ feeds: { x }, labels: rows.map((row) => row % classes) });
  });
}

it('takes the same steps in parts, also from where the whole batch led, and back', async () => {
  const [whole, halves] = [await open(batch), await open(batch / 2)];
  const expectAlike = (a: Stepper, b: Stepper) => {
    const [found, expected] = [a.weights().get('weight')!.data, b.weights().get('weight')!.data];
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 5);
    });
  };
  await whole.step(partsOf(batch, 1), 0.1);
  halves.restore(whole.state);
  for (const seed of [2, 3]) {
    const expected = await whole.step(partsOf(batch, seed), 0.1);
    const found = await halves.step(partsOf(batch / 2, seed), 0.1);
    expect(found.loss).toBeCloseTo(expected.loss, 5);
    expectAlike(halves, whole);
  }
  const again = await open(batch);
  again.restore(halves.state);
  await again.step(partsOf(batch, 4), 0.1);
  await whole.step(partsOf(batch, 4), 0.1);
  expectAlike(again, whole);
  await Promise.all([whole, halves, again].map((stepper) => stepper.release()));
});

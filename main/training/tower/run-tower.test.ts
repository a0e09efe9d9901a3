// What a training of an image tower says of its data before it learns.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TrainingEvent } from '../../contract/training-events.ts';
import { scratchDefaults } from '../../contract/training-defaults.ts';
import { smallClasses } from '../../testing/random-model.ts';
import { drawImages, smallRequest, trainingBench, type TrainingBench } from '../../testing/training.ts';
import { trainFromScratch, type ScratchRequest } from '../scratch.ts';

let bench: TrainingBench;
beforeAll(async () => {
  bench = await trainingBench(2);
});
afterAll(() => {
  bench.remove();
});

/** A training of a few steps on the bench's images, with these to validate. */
function request(out: string, validation: string): ScratchRequest {
  const { data, provider, run, resume } = smallRequest(bench, out);
  return {
    ...{ provider, run, resume, out, classes: smallClasses, cache: join(bench.root, 'pixels') },
    data: { ...data, validation: { images: validation, labels: null, lesions: null } },
    config: {
      ...scratchDefaults,
      architecture: { layers: [1, 1, 1, 1], width: 2, size: 64, embedding: 8 },
      ...{ rounds: 1, iterations: 1, batch: 2 },
    },
  };
}

/** What the run says until it learns. */
async function dataOf(
  asked: ScratchRequest,
): Promise<{ training: { ids: string[] }; validation: { ids: string[] } }> {
  const stop = new AbortController();
  const onEvent = ({ kind }: TrainingEvent) => {
    if (kind === 'step') stop.abort();
  };
  const running = trainFromScratch(bench.store, asked, { signal: stop.signal, onEvent });
  await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
  return JSON.parse(readFileSync(join(asked.run, 'data.json'), 'utf8')) as never;
}

it('leaves out an image that cannot be read, not the one of the same name on the other side', async () => {
  const other = join(bench.root, 'other');
  await drawImages(other, 2, smallClasses, 50);
  for (const code of smallClasses) {
    for (const number of [0, 1]) {
      renameSync(join(other, code, `${code}-${50 + number}.png`), join(other, code, `${code}-${number}.png`));
    }
  }
  const torn = join(other, 'NV', 'NV-0.png');
  writeFileSync(torn, readFileSync(torn).subarray(0, 900));
  const { training, validation } = await dataOf(request('same-names', other));
  expect(training.ids).toContain('NV/NV-0.png');
  expect(training.ids).toHaveLength(8);
  expect(validation.ids).not.toContain('NV/NV-0.png');
  expect(validation.ids).toHaveLength(7);
});

it('refuses before it learns what no model can tell apart', async () => {
  const asked = { ...request('one-class', bench.images), classes: ['NV'] };
  await expect(trainFromScratch(bench.store, asked)).rejects.toMatchObject({
    code: 'CLASSES_INVALID',
    message: expect.stringContaining('only NV') as string,
  });
});

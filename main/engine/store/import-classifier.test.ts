// Drawn classifiers through the importer: the package answers as the file does, and under every turn and mirror alike.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { softmax } from '../../equivariance/logits.ts';
import { resolveSettings } from '../../equivariance/settings.ts';
import { actOnGrid } from '../../groups/action.ts';
import { groups } from '../../groups/groups.ts';
import { encodeModel } from '../../onnx/codec.ts';
import { drawnClassifier, type ClassifierDraw } from '../../testing/drawn-classifier.ts';
import { largestDifference } from '../../testing/distance.ts';
import { temporaryStore } from '../../testing/model-store.ts';
import { evidenceOf } from '../evidence.ts';
import { knownImage, loadModel } from '../model.ts';
import { ImageOrbit } from '../orbit.ts';
import { predict } from '../predict.ts';
import { openSession } from '../runtime.ts';
import { importModel } from './import.ts';

const temporary = temporaryStore();
afterAll(() => {
  temporary.remove();
});

const draws: fc.Arbitrary<ClassifierDraw> = fc.record({
  seed: fc.nat(1000),
  size: fc.constantFrom(32, 48),
  channels: fc.constantFrom(4, 6),
  classes: fc.constantFrom(2, 3, 7),
  channelsLast: fc.boolean(),
  depthwise: fc.boolean(),
  squeezeExcite: fc.boolean(),
  pooling: fc.constantFrom('global', 'reduce', 'window', 'flatten', 'computed-shape'),
  hidden: fc.boolean(),
  product: fc.constantFrom('gemm', 'matmul'),
  ending: fc.constantFrom('none', 'softmax', 'log-softmax'),
  batch: fc.constantFrom<ClassifierDraw['batch']>('free', 1),
  opset: fc.constantFrom(13, 17),
});

let count = 0;
const names = (classes: number) => Array.from({ length: classes }, (_, k) => `C${k}`);

function written(draw: ClassifierDraw): { checkpoint: string; id: string; bytes: Uint8Array } {
  const id = `drawn-${count++}`;
  const checkpoint = join(temporary.root, `${id}.onnx`);
  const bytes = encodeModel(drawnClassifier(draw));
  writeFileSync(checkpoint, bytes);
  return { checkpoint, id, bytes };
}

/** What the file itself says, as probabilities. */
async function answerOfFile(bytes: Uint8Array, draw: ClassifierDraw, image: Float32Array): Promise<number[]> {
  const { size, channelsLast, ending } = draw;
  const plane = size * size;
  const data = channelsLast
    ? Float32Array.from(image, (_, i) => image[(i % 3) * plane + Math.floor(i / 3)]!)
    : image;
  const session = await openSession(bytes, 'cpu');
  try {
    const dims = channelsLast ? [1, size, size, 3] : [1, 3, size, size];
    const { scores } = await session.run({ picture: { data, dims } });
    return ending === 'softmax' ? [...scores!.data] : softmax([...scores!.data]);
  } finally {
    await session.release();
  }
}

describe('drawn classifiers', () => {
  it('answer as their file does, and the same under every turn; their evidence adds up where it is exact', async () => {
    await fc.assert(
      fc.asyncProperty(draws, async (draw) => {
        const { checkpoint, id, bytes } = written(draw);
        const opened = await importModel(temporary.store, { checkpoint, id, classes: names(draw.classes) });
        const { manifest } = opened;
        expect(manifest.features).toEqual({ channels: draw.channels, size: draw.size / 8 });
        expect(manifest.head).toMatchObject({
          kind: draw.pooling === 'flatten' ? 'flatten' : 'mean',
          affine: draw.pooling !== 'flatten' && !draw.hidden,
        });
        const model = await loadModel(opened, 'cpu');
        try {
          const image = knownImage(draw.size);
          const plain = resolveSettings({ group: 'c1', method: 'vanilla' }, model.combiners);
          const found = (await predict(new ImageOrbit(model, image), plain)).probabilities;
          expect(largestDifference(found, await answerOfFile(bytes, draw, image))).toBeLessThan(1e-5);

          const settings = resolveSettings(
            { group: 'd4', method: 'equitune', head: 'orbit' },
            model.combiners,
          );
          const upright = new ImageOrbit(model, image);
          const { probabilities, logits } = await predict(upright, settings);
          for (const element of groups.d4.elements.slice(1)) {
            const turned = new ImageOrbit(model, actOnGrid(element, image, draw.size));
            const again = (await predict(turned, settings)).probabilities;
            expect(largestDifference(again, probabilities)).toBeLessThan(1e-4);
          }
          const evidence = await evidenceOf(upright, settings);
          if (evidence.kind !== 'exact') return;
          const sums = evidence.cells.map((cells, k) =>
            cells.reduce((sum, cell) => sum + cell, evidence.constant[k]!),
          );
          expect(largestDifference(sums, logits!)).toBeLessThan(1e-4);
        } finally {
          await model.release();
        }
      }),
      { numRuns: 12 },
    );
  }, 240_000);

  const plain: ClassifierDraw = {
    ...{ seed: 1, size: 32, channels: 4, classes: 3, channelsLast: false, depthwise: false },
    ...{ squeezeExcite: false, pooling: 'global', hidden: false, product: 'gemm' },
    ...{ ending: 'none', batch: 'free', opset: 17 },
  };

  it('are divided where a person says, and nowhere else', async () => {
    const { checkpoint, id } = written(plain);
    const request = { checkpoint, classes: names(3) };
    const opened = await importModel(temporary.store, { ...request, id, cut: 'Relu_2' });
    expect(opened.manifest.features).toEqual({ channels: 4, size: 8 });
    await expect(
      importModel(temporary.store, { ...request, id: `${id}-no`, cut: 'scores' }),
    ).rejects.toMatchObject({ code: 'ONNX_CUT', message: expect.stringContaining('last_map') as unknown });
  });

  it('take the numbers of their pictures from a preset, or from a person', async () => {
    const { checkpoint, id } = written(plain);
    const request = { checkpoint, classes: names(3) };
    const { manifest } = await importModel(temporary.store, { ...request, id, preset: 'none' });
    expect(manifest.input).toMatchObject({ mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] });
    expect(manifest.assumed).toBeUndefined();
    await expect(
      importModel(temporary.store, { ...request, id: `${id}-no`, size: 64 }),
    ).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
  });

  it('keep their names but for those that the table maps', async () => {
    const { checkpoint, id } = written(plain);
    const { manifest } = await importModel(temporary.store, {
      ...{ checkpoint, id, classes: ['melanoma', 'naevus', 'wart'] },
      map: 'melanoma=MEL,naevus=NV',
    });
    expect(manifest.classes).toEqual(['MEL', 'NV', 'wart']);
  });
});

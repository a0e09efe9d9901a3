// The engine's operations on a small model, from a file to what every surface shows.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomClip } from '../backbones/clip-resnet/random-weights.ts';
import type { EngineApi, EngineInput } from '../contract/engine.ts';
import { classificationSchema, evidenceSchema, isFailure, type Classification } from '../contract/record.ts';
import { methodSchema } from '../contract/settings.ts';
import { largestDifference } from '../testing/distance.ts';
import { gradientFile } from '../testing/images.ts';
import { temporaryStore } from '../testing/model-store.ts';
import { smallClasses, smallImport, smallVisual, writeTensors } from '../testing/random-model.ts';
import { createEngine } from './engine.ts';

const temporary = temporaryStore();
const image = join(temporary.root, 'image.png');
let engine: EngineApi;

beforeAll(async () => {
  engine = createEngine({ folders: temporary.folders });
  await engine.call('importModel', smallImport(temporary, { id: 'small' }));
  const { id, checkpoint, classEmbeddings, classes } = smallImport(temporary, { id: 'bare' });
  await engine.call('importModel', { id, checkpoint, classEmbeddings, classes });
  writeFileSync(image, await gradientFile('png', 200, 150));
});
afterAll(async () => {
  await engine.close();
  temporary.remove();
});

async function classifyOne(settings: EngineInput<'classify'>['settings'], model = 'small') {
  const records: Classification[] = [];
  await engine.call(
    'classify',
    { model, paths: [image], settings },
    {
      onEvent: ({ record }) => {
        if (isFailure(record)) throw new Error(record.error.message);
        records.push(record);
      },
    },
  );
  return records[0]!;
}

describe('a record', () => {
  it('is what the contract says, and says how it was made', async () => {
    const record = await classifyOne({});
    expect(classificationSchema.strict().parse(record)).toEqual(record);
    expect(record).toMatchObject({
      image: {
        path: image,
        width: 200,
        height: 150,
        sha256: createHash('sha256').update(readFileSync(image)).digest('hex'),
      },
      model: { id: 'small', sha256: (await engine.call('model', { id: 'small' })).sha256 },
      ...{ group: 'c4', method: 'lambda', level: 'feature', inverse: 'on', head: 'orbit' },
      attention: null,
    });
    expect(Object.keys(record.probabilities)).toEqual(smallClasses);
    expect(Object.values(record.probabilities).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
    expect(record.malignant).toBeCloseTo(record.probabilities.MEL! + record.probabilities.BCC!, 12);
    expect(record.orientations.map(({ turn, mirror }) => [turn, mirror])).toEqual([
      [0, false],
      [90, false],
      [180, false],
      [270, false],
    ]);
    expect(record.orientations.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 9);
  });

  it('has the matrix of equiattention, whose column means are the weights', async () => {
    const { attention, orientations } = await classifyOne({ method: 'attention', group: 'd4' });
    expect(attention!.map((row) => row.length)).toEqual(new Array(8).fill(8));
    for (const row of attention!) expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
    orientations.forEach(({ weight }, g) => {
      expect(weight).toBeCloseTo(
        attention!.reduce((sum, row) => sum + row[g]! / 8, 0),
        9,
      );
    });
  });

  it('has no logits where probabilities are averaged, and the first orientation is the plain model', async () => {
    const tta = await classifyOne({ method: 'tta' });
    expect(tta.logits).toBeNull();
    const vanilla = await classifyOne({ method: 'vanilla', group: 'c1' });
    const [first] = tta.orientations;
    expect(largestDifference(Object.values(first!.logits!), Object.values(vanilla.logits!))).toBeLessThan(
      1e-5,
    );
    expect(vanilla.stability).toBe(1);
    const mean = smallClasses.map((code) =>
      tta.orientations.reduce((sum, { probabilities }) => sum + probabilities![code]! / 4, 0),
    );
    expect(largestDifference(Object.values(tta.probabilities), mean)).toBeLessThan(1e-9);
  });
});

describe('inspect', () => {
  it('gives the record of classify, its evidence, and the record of every other method', async () => {
    const { record, evidence, evidenceError, alternatives } = await engine.call('inspect', {
      model: 'small',
      path: image,
    });
    const own = await classifyOne({});
    expect({ ...record, milliseconds: 0 }).toEqual({ ...own, milliseconds: 0 });
    expect(evidenceError).toBeNull();
    const { cells, constant, logits, classes } = evidenceSchema.parse(evidence);
    expect(classes).toEqual(smallClasses);
    const sums = cells.map((row, k) => row.reduce((sum, cell) => sum + cell, constant[k]!));
    expect(largestDifference(sums, Object.values(own.logits!))).toBeLessThan(1e-4);
    expect(largestDifference(logits, Object.values(own.logits!))).toBeLessThan(1e-5);
    expect(alternatives.map(({ method }) => method)).toEqual(methodSchema.options);
    for (const { method, probabilities, malignant } of alternatives) {
      const alone = await classifyOne({ method });
      expect(
        largestDifference(Object.values(probabilities!), Object.values(alone.probabilities)),
      ).toBeLessThan(1e-6);
      expect(malignant).toBeCloseTo(alone.malignant!, 6);
    }
  });

  it('says why there is no evidence and no answer of a method', async () => {
    const { evidence, evidenceError, alternatives } = await engine.call('inspect', {
      model: 'bare',
      path: image,
      settings: { method: 'tta' },
    });
    expect(evidence).toBeNull();
    expect(evidenceError!.code).toBe('EVIDENCE_UNAVAILABLE');
    const codes = alternatives.map(({ method, error }) => [method, error?.code ?? 'answers']);
    expect(Object.fromEntries(codes)).toEqual({
      vanilla: 'answers',
      tta: 'answers',
      equitune: 'answers',
      equizero: 'answers',
      lambda: 'COMBINER_MISSING',
      attention: 'COMBINER_MISSING',
      canonical: 'COMBINER_MISSING',
    });
  });

  it('reads the file anew each time', async () => {
    const path = join(temporary.root, 'changing.png');
    writeFileSync(path, await gradientFile('png', 100, 100));
    const before = await engine.call('inspect', { model: 'small', path });
    writeFileSync(path, await gradientFile('png', 100, 150));
    const after = await engine.call('inspect', { model: 'small', path });
    expect([before.record.image.height, after.record.image.height]).toEqual([100, 150]);
    expect(after.record.image.sha256).not.toBe(before.record.image.sha256);
    expect(after.record.logits).not.toEqual(before.record.logits);
  });
});

describe('the turn test', () => {
  const points = async (step: number) => {
    const found: { angle: number; plain: number[]; equivariant: number[] }[] = [];
    const count = await engine.call(
      'turnTest',
      { model: 'small', path: image, step },
      {
        onEvent: ({ angle, plain, equivariant }) => {
          const values = [plain, equivariant].map(({ probabilities }) => Object.values(probabilities));
          found.push({ angle, plain: values[0]!, equivariant: values[1]! });
        },
      },
    );
    expect(count).toEqual({ points: found.length });
    return found;
  };

  it('at quarter turns: the equivariant answer stays, the plain one does not', async () => {
    const [upright, ...turned] = await points(90);
    expect(turned.map(({ angle }) => angle)).toEqual([90, 180, 270]);
    for (const { plain, equivariant } of turned) {
      expect(largestDifference(equivariant, upright!.equivariant)).toBeLessThan(1e-6);
      expect(largestDifference(plain, upright!.plain)).toBeGreaterThan(1e-4);
    }
  });

  it('goes round once, whatever the step', async () => {
    expect((await points(45)).map(({ angle }) => angle)).toEqual([0, 45, 90, 135, 180, 225, 270, 315]);
    expect((await points(50)).at(-1)!.angle).toBe(350);
  });
});

it('a model that is removed and imported again under its id is the new one', async () => {
  await engine.call('importModel', smallImport(temporary, { id: 'passing' }));
  const before = await classifyOne({}, 'passing');
  await engine.call('removeModel', { id: 'passing' });
  const checkpoint = writeTensors(temporary.root, 'other', randomClip(smallVisual, 77));
  await engine.call('importModel', smallImport(temporary, { id: 'passing', checkpoint }));
  const after = await classifyOne({}, 'passing');
  expect(after.model.sha256).not.toBe(before.model.sha256);
  expect(after.logits).not.toEqual(before.logits);
});

it.each(['no manifest', 'a damaged manifest'])('a package with %s can be removed', async (what) => {
  const folder = join(temporary.folders.imported, 'broken');
  mkdirSync(folder);
  if (what === 'a damaged manifest') writeFileSync(join(folder, 'manifest.json'), '{');
  await engine.call('removeModel', { id: 'broken' });
  expect(temporary.imported()).not.toContain('broken');
});

it('lists what is installed, and verifies it', async () => {
  const models = await engine.call('models', {});
  expect(models.map(({ id, combiners }) => [id, combiners.length]).sort()).toEqual([
    ['bare', 0],
    ['passing', 6],
    ['small', 6],
  ]);
  expect((await engine.call('verifyModel', { id: 'small' })).ok).toBe(true);
});

// The runner on the phantoms with the bundled model: the headline, resuming, cancelling, bad journals, CIFAR images;
// and once, briefly, on real images.
import { appendFileSync, copyFileSync, existsSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EvaluationRow } from '../../contract/evaluation.ts';
import { installationFolder } from '../../engine/folders.ts';
import { loadModel, type LoadedModel } from '../../engine/model.ts';
import { ModelStore } from '../../engine/store/store.ts';
import { sharedFolder, sharedPath } from '../../testing/shared.ts';
import { parseCsv } from '../csv.ts';
import { openDataset } from '../datasets/datasets.ts';
import { readPredictions } from '../scoring/predictions.ts';
import { refusalOf, temporaryFolder } from '../testing/sets.ts';
import { evaluate, planModel, type EvaluationPlan } from './evaluate.ts';
import type { EvaluationChoices, ViewChoices } from './plan.ts';

let model: LoadedModel;
let towerRuns = 0;
beforeAll(async () => {
  const models = join(installationFolder(), 'models');
  const loaded = await loadModel(await new ModelStore({ bundled: models, imported: models }).find(), 'cpu');
  const views = loaded.views.bind(loaded);
  loaded.views = (images) => {
    towerRuns++;
    return views(images);
  };
  model = loaded;
});
afterAll(() => model.release());

const phantoms = join(installationFolder(), 'assets', 'phantoms');
const phantomNames = readdirSync(phantoms).filter((name) => name.endsWith('.jpg'));
/** The order of the classes of the phantoms says nothing; two images are of one lesion. */
const labels = ['NV', 'MEL', 'NV', 'BCC', 'AKIEC', 'BKL', 'VASC', 'DF'];

function labelledPhantoms(): string {
  const rows = phantomNames.map((name, index) => `${name},${labels[index]!},L${Math.min(index, 6)}`);
  const folder = temporaryFolder({ 'labels.csv': ['path,label,lesion', ...rows].join('\n') });
  for (const name of phantomNames) copyFileSync(join(phantoms, name), join(folder, name));
  return folder;
}

const choices: EvaluationChoices = {
  groups: ['c4'],
  methods: ['equitune', 'equizero', 'lambda', 'attention'],
  levels: [],
  inverses: [],
  heads: [],
};
const views: ViewChoices = { turned: 'all', angles: [], seed: 1, checkedImages: 4 };

async function planFor(
  folder: string,
  changes: { choices?: Partial<EvaluationChoices>; views?: Partial<ViewChoices> } = {},
): Promise<EvaluationPlan> {
  const source = { images: folder, labels: join(folder, 'labels.csv'), lesions: null };
  const set = await openDataset(existsSync(source.labels) ? source : { ...source, labels: null });
  return {
    source,
    models: [planModel(model, set, { ...choices, ...changes.choices })],
    views: { ...views, ...changes.views },
    bootstrap: { resamples: 50, seed: 1, confidence: 0.95 },
  };
}

const rowsOf = ({ evaluation }: Awaited<ReturnType<typeof evaluate>>) =>
  new Map(evaluation.models[0]!.rows.map((row) => [row.id, row]));
const flipRate = (row: EvaluationRow | undefined) =>
  row?.robustness?.shares.find(({ name }) => name === 'flipped')?.value;

describe('on the phantoms', () => {
  it('reads each image once for all methods, and only the plain head flips', async () => {
    const folder = labelledPhantoms();
    const plan = await planFor(folder, {
      choices: { groups: ['c1', 'c4', 'd4'], heads: ['plain', 'orbit'], inverses: ['on', 'off'] },
      views: { checkedImages: 0 },
    });
    towerRuns = 0;
    const finished = await evaluate(plan, { folder: join(folder, 'run'), removeJournal: true });
    expect(towerRuns).toBe(phantomNames.length);
    expect(readdirSync(join(folder, 'run'))).toEqual([]);
    const rows = rowsOf(finished);
    expect([...rows.keys()].slice(0, 3)).toEqual(['c1-vanilla', 'c4-vanilla', 'c4-tta']);
    expect(rows.size).toBe(1 + 2 * (2 + 4 * 4));
    for (const [id, row] of rows) {
      if (row.settings.group === 'c1') expect(row.robustness, id).toBeNull();
      else if (row.settings.head === 'orbit' || row.settings.inverse === 'off') {
        if (row.settings.method !== 'vanilla') expect(flipRate(row), id).toBe(0);
      }
    }
    // Without any flip among 7 lesions, up to 1 - 0.05^(1/7) of them may still flip.
    expect(rows.get('d4-lambda')?.robustness?.boundWithoutFlips).toBeCloseTo(0.348, 3);
    expect(flipRate(rows.get('d4-vanilla'))).toBeGreaterThan(0);
    expect(rows.get('c4-lambda')?.comparison?.against).toBe('c4-vanilla');
    expect(rows.get('c4-lambda')?.weights?.all.images).toBe(phantomNames.length);
    expect(rows.get('c4-equitune')?.weights).toBeNull();
    expect(finished.evaluation.models[0]).toMatchObject({ images: 8, lesions: 7 });
  });

  it('says what was measured, from which data, and how', async () => {
    const folder = labelledPhantoms();
    const angles = [0, 90];
    const plan = await planFor(folder, { views: { turned: 'random', seed: 7, angles, checkedImages: 0 } });
    const { evaluation } = await evaluate(plan, { folder: join(folder, 'run') });
    const { dataset, turned, seed, bootstrap, resumedImages } = evaluation;
    expect(dataset).toEqual({
      images: plan.source.images,
      labels: plan.source.labels,
      format: plan.models[0]!.set.format,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    expect(dataset.format).not.toBe('');
    expect(evaluation.angles).toEqual(angles);
    expect({ turned, seed, bootstrap, resumedImages }).toEqual({
      turned: 'random',
      seed: 7,
      bootstrap: plan.bootstrap,
      resumedImages: 0,
    });
    const other = await evaluate(plan, { folder: join(folder, 'other') });
    expect(other.evaluation.dataset).toEqual(dataset);
  });

  it('turns the pixels of some images, and finds what was computed', async () => {
    const folder = labelledPhantoms();
    const plan = await planFor(folder, { choices: { groups: ['d4'], heads: ['plain', 'orbit'] } });
    towerRuns = 0;
    const finished = await evaluate(plan, { folder: join(folder, 'run') });
    expect(towerRuns).toBe(phantomNames.length + views.checkedImages);
    for (const row of rowsOf(finished).values()) {
      expect(row.turnCheck).toMatchObject({ images: 4, changedAnswers: 0 });
      expect(row.turnCheck?.largestDifference).toBeLessThan(1e-5);
    }
  });

  it('judges randomly turned images as they are turned, and writes what was judged', async () => {
    const folder = labelledPhantoms();
    const turned = await evaluate(await planFor(folder, { views: { turned: 'random', seed: 3 } }), {
      folder: join(folder, 'run'),
    });
    const upright = await evaluate(await planFor(folder, { views: { turned: 'none' } }), {
      folder: join(folder, 'run'),
    });
    const table = (of: typeof turned, row: string) => {
      const { csv } = of.predictions.find((one) => one.row === row)!;
      const ids = plannedIds();
      return readPredictions(parseCsv(Buffer.from(csv), 'p.csv'), model.manifest.classes, ids);
    };
    const plannedIds = () => phantomNames;
    expect(rowsOf(upright).get('c4-vanilla')?.robustness).toBeNull();
    const change = (row: string) => {
      const [a, b] = [table(turned, row), table(upright, row)];
      return Math.max(...a.map((value, index) => Math.abs(value - b[index]!)));
    };
    expect(change('c4-vanilla')).toBeGreaterThan(0.01);
    expect(change('c4-lambda')).toBeLessThan(1e-5);
  });

  it('turns freely where asked to: quarter turns of the masked picture still flip nothing', async () => {
    const folder = labelledPhantoms();
    const angles = [0, 45, 90];
    const finished = await evaluate(await planFor(folder, { views: { angles, checkedImages: 0 } }), {
      folder: join(folder, 'run'),
    });
    const free = rowsOf(finished).get('c4-lambda')?.freeAngles;
    expect(free?.transformations).toEqual(['0° (masked)', '45°', '90°']);
    expect(free?.shares.find(({ name }) => name === 'flippedBy/90°')?.value).toBe(0);
  });

  it('goes on where it was interrupted, with the same result, also after a torn line', async () => {
    const folder = labelledPhantoms();
    const plan = await planFor(folder);
    const whole = await evaluate(plan, { folder: join(folder, 'whole') });

    const controller = new AbortController();
    let seen = 0;
    const interrupted = evaluate(plan, {
      folder: join(folder, 'run'),
      signal: controller.signal,
      onEvent: ({ kind }) => {
        if (kind === 'image' && ++seen === 3) controller.abort();
      },
    });
    expect(await refusalOf(() => interrupted)).toMatchObject({ code: 'CANCELLED' });
    expect(seen).toBe(3);

    const journal = join(folder, 'run', readdirSync(join(folder, 'run'))[0]!);
    const bytes = readFileSync(journal).length;
    truncateSync(journal, bytes - 100);
    towerRuns = 0;
    const resumed = await evaluate(plan, { folder: join(folder, 'run') });
    expect(resumed.evaluation.resumedImages).toBe(2);
    expect(towerRuns).toBeGreaterThanOrEqual(phantomNames.length - 2);
    expect(resumed.evaluation.models).toEqual(whole.evaluation.models);
    expect(resumed.predictions).toEqual(whole.predictions);
    expect(readFileSync(journal, 'utf8').trimEnd().split('\n')).toHaveLength(1 + phantomNames.length);

    towerRuns = 0;
    const again = await evaluate(plan, { folder: join(folder, 'run') });
    expect({ towerRuns, resumed: again.evaluation.resumedImages }).toEqual({ towerRuns: 0, resumed: 8 });
    expect(again.evaluation.models).toEqual(whole.evaluation.models);
  });

  it.each([
    { name: 'no JSON', line: 'these are no numbers' },
    { name: 'another shape', line: '{"image":"x"}' },
    {
      name: 'too few numbers',
      line: JSON.stringify({ image: 'ab'.repeat(32), probabilities: 'AAAA', weights: '', check: null }),
    },
  ])('measures again what a journal line with $name stands for', async ({ line }) => {
    const folder = labelledPhantoms();
    const plan = await planFor(folder, { choices: { methods: [] }, views: { turned: 'none' } });
    const first = await evaluate(plan, { folder: join(folder, 'run') });
    const journal = join(folder, 'run', readdirSync(join(folder, 'run'))[0]!);
    appendFileSync(journal, `${line}\n`);
    const second = await evaluate(plan, { folder: join(folder, 'run') });
    expect(second.evaluation.resumedImages).toBe(8);
    expect(second.evaluation.models).toEqual(first.evaluation.models);
  });

  it('keeps journals of different plans apart', async () => {
    const folder = labelledPhantoms();
    for (const seed of [1, 2]) {
      const plan = await planFor(folder, { choices: { methods: [] }, views: { turned: 'random', seed } });
      const { evaluation } = await evaluate(plan, { folder: join(folder, 'run') });
      expect(evaluation.resumedImages).toBe(0);
    }
    expect(readdirSync(join(folder, 'run'))).toHaveLength(2);
  });

  it('lists images that cannot be read, measures the rest, and cancels statistics too', async () => {
    const folder = labelledPhantoms();
    truncateSync(join(folder, phantomNames[2]!), 2000);
    const plan = await planFor(folder, { choices: { methods: [] } });
    const { evaluation, failedImages } = await evaluate(plan, { folder: join(folder, 'run') });
    expect(failedImages).toBe(1);
    expect(evaluation.models[0]?.images).toBe(7);
    expect(evaluation.models[0]?.problems).toContainEqual(
      expect.objectContaining({ code: 'IMAGE_TRUNCATED', subjects: [phantomNames[2]], excluded: true }),
    );
    const controller = new AbortController();
    const cancelled = evaluate(plan, {
      folder: join(folder, 'run'),
      signal: controller.signal,
      onEvent: ({ kind }) => {
        if (kind === 'statistics') controller.abort();
      },
    });
    expect(await refusalOf(() => cancelled)).toMatchObject({ code: 'CANCELLED' });
  });

  it('says which methods a model lacks', async () => {
    const plan = await planFor(labelledPhantoms(), {
      choices: { methods: ['lambda'], levels: ['embedding'] },
    });
    expect(plan.models[0]?.rows.map(({ id }) => id)).toEqual(['c4-vanilla', 'c4-tta']);
    expect(plan.models[0]?.problems[0]).toMatchObject({
      code: 'COMBINER_MISSING',
      subjects: ['lambda (embedding level)'],
    });
  });
});

it('enlarges CIFAR images to the model', async () => {
  const record = new Uint8Array(3074).map((_, place) => (place * 31) % 256);
  record[1] = 0;
  const names = ['NV', ...Array.from({ length: 99 }, (_, index) => `other_${index}`)].join('\n');
  const folder = temporaryFolder({ 'test.bin': record, 'fine_label_names.txt': names });
  const plan = await planFor(folder);
  const { evaluation } = await evaluate(plan, { folder: join(folder, 'run') });
  expect(evaluation.dataset.format).toBe('cifar100');
  expect(evaluation.models[0]).toMatchObject({ images: 1, imagesPerClass: [0, 1, 0, 0, 0, 0, 0] });
});

describe.skipIf(sharedFolder() === null)('on 96 validation images of ../shared/isic2018', () => {
  it('only vanilla and the plain head flip', async () => {
    const source = {
      images: sharedPath('isic2018', 'ISIC2018_Task3_Validation_Input'),
      labels: null,
      lesions: null,
    };
    const planned = planModel(
      model,
      await openDataset(source),
      { ...choices, heads: ['plain', 'orbit'] },
      96,
    );
    const finished = await evaluate(
      { source, models: [planned], views, bootstrap: { resamples: 50, seed: 1, confidence: 0.95 } },
      { folder: temporaryFolder({}) },
    );
    const rows = rowsOf(finished);
    expect(finished.evaluation.models[0]?.images).toBe(96);
    for (const method of ['equitune', 'equizero', 'lambda', 'attention']) {
      expect(flipRate(rows.get(`c4-${method}`))).toBe(0);
      expect(flipRate(rows.get(`c4-${method}-inverse-on-plain`))).toBeGreaterThan(0);
    }
    expect(flipRate(rows.get('c4-vanilla'))).toBeGreaterThan(0);
    expect(flipRate(rows.get('c4-tta'))).toBe(0);
  });
});

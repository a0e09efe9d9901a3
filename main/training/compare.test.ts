// What a finished network is measured by: the answers to turned images too, computed from cached orbits.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TrainingEvent } from '../contract/training-events.ts';
import { installationFolder } from '../engine/folders.ts';
import { loadModel } from '../engine/model.ts';
import type { ModelPackage } from '../engine/store/package.ts';
import { ModelStore } from '../engine/store/store.ts';
import { defaultBootstrap } from '../evaluation/metrics/bootstrap.ts';
import { evaluate, planModel } from '../evaluation/run/evaluate.ts';
import { smallRequest, trainingBench, type TrainingBench } from '../testing/training.ts';
import { openTrainingData } from './data/training-data.ts';
import { prefinetune } from './prefinetune.ts';
import type { PrefinetuneRequest } from './request.ts';

let bench: TrainingBench;
beforeAll(async () => {
  bench = await trainingBench(6);
});
afterAll(() => {
  bench.remove();
});

interface Ran {
  readonly model: ModelPackage;
  readonly events: readonly TrainingEvent[];
}

async function run(request: PrefinetuneRequest): Promise<Ran> {
  const events: TrainingEvent[] = [];
  const model = await prefinetune(bench.store, request, { onEvent: (event) => events.push(event) });
  return { model, events };
}

const resultsOf = ({ events }: Ran) =>
  events.flatMap((event) => (event.kind === 'done' ? event.results : []));

/** What evaluate says of a model on the validation images of a run, by method. */
async function evaluated(request: PrefinetuneRequest, model: ModelPackage) {
  const { method, group, inverse, head } = request.config;
  const data = await openTrainingData(request.data, model.manifest.classes, request.config.seed);
  const set = {
    format: 'test',
    classes: data.classes,
    names: data.classes,
    items: data.validation,
    problems: [],
  };
  const loaded = await loadModel(model, 'cpu');
  try {
    const choices = { groups: [group], methods: [method], levels: [], inverses: [inverse], heads: [head] };
    const { evaluation } = await evaluate(
      {
        source: request.data.training,
        models: [planModel(loaded, set, choices)],
        views: { turned: 'all', angles: [], seed: 1, checkedImages: 0 },
        bootstrap: defaultBootstrap,
      },
      { folder: join(bench.root, 'evaluated') },
    );
    return (name: string) => {
      const row = evaluation.models[0]!.rows.find(({ settings }) => settings.method === name)!;
      const accuracy = row.figures.find((figure) => figure.name === 'balancedAccuracy')!;
      return {
        balancedAccuracy: accuracy.value,
        interval: [accuracy.low, accuracy.high],
        flipRate: row.robustness!.shares.find((figure) => figure.name === 'flipped')!.value,
      };
    };
  } finally {
    await loaded.release();
  }
}

it('says of accuracy, interval and turned images what evaluate says', async () => {
  const bundled = new ModelStore({ ...bench.folders, bundled: join(installationFolder(), 'models') });
  const request = smallRequest(
    bench,
    'turned',
    { rounds: 1, iterations: 1, group: 'd4', head: 'plain' },
    {
      model: await bundled.find('dermorbit-base'),
      data: { ...smallRequest(bench, 'turned').data, validationShare: 0.6, allowMissingClasses: true },
      cache: join(bench.root, 'bundled.orbits'),
    },
  );
  const ran = await run(request);
  const truth = await evaluated(request, ran.model);
  const [own, , , vanilla] = resultsOf(ran);
  expect(own).toMatchObject({ name: 'turned, lambda', ...truth('lambda') });
  expect(vanilla).toMatchObject({ name: 'dermorbit-base, vanilla', ...truth('vanilla') });
  // Neither is invariant: there is something to agree on.
  expect(vanilla?.flipRate).toBeGreaterThan(0);
  const images = ran.events.flatMap((event) => (event.kind === 'measuring' ? [event.total] : []))[0];
  expect(ran.events).toContainEqual({ kind: 'measuring', model: 'turned', done: images, total: images });
});

it.each([
  { level: 'feature', group: 'd4', inverse: 'on', head: 'orbit' },
  { level: 'embedding', group: 'c4', inverse: 'off', head: 'plain' },
] as const)('has no flips where the answer is invariant: $level, $head head', async (settings) => {
  const { level } = settings;
  const cache = join(bench.root, `invariant-${level}.orbits`);
  const ran = await run(
    smallRequest(bench, `invariant-${level}`, { ...settings, rounds: 1, learningRate: 0.05 }, { cache }),
  );
  const rows = resultsOf(ran);
  const invariant = rows.filter(({ name }) => !name.endsWith('vanilla'));
  expect(invariant.map(({ flipRate }) => flipRate)).toEqual(invariant.map(() => 0));
  expect(readFileSync(join(ran.model.folder, 'MODEL_CARD.md'), 'utf8')).toContain(
    'answer changes under a turn',
  );
});

it('can be waited for later: stopped while it is measured, the run ends when it is resumed', async () => {
  const request = smallRequest(bench, 'unmeasured', { rounds: 1 });
  const stop = new AbortController();
  const first = prefinetune(bench.store, request, {
    signal: stop.signal,
    onEvent: ({ kind }) => {
      if (kind === 'measuring') stop.abort();
    },
  });
  await expect(first).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(existsSync(join(bench.folders.imported, 'unmeasured'))).toBe(false);
  const { events } = await run({ ...request, resume: true });
  expect(events.some(({ kind }) => kind === 'round')).toBe(false);
  expect(events.at(-1)).toMatchObject({ kind: 'done', model: 'unmeasured' });
});

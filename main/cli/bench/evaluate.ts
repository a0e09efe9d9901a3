// The benchmark of evaluation: does it cost more to compare five methods than to run one, what does everything beside
// the image tower cost (for the bundled model, and for a random RN50, the papers' model, on fewer images), and how long
// does the bootstrap take.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { median } from '../../base/median.ts';
import type { Method } from '../../contract/settings.ts';
import { isicClasses } from '../../contract/settings.ts';
import { defaultModelFolders, installationFolder } from '../../engine/folders.ts';
import { knownImage, loadModel, type LoadedModel } from '../../engine/model.ts';
import { defaultModelId, ModelStore } from '../../engine/store/store.ts';
import { resolveSettings } from '../../equivariance/settings.ts';
import { orbitOf } from '../../groups/action.ts';
import { groups } from '../../groups/groups.ts';
import type { LabelledItem } from '../../evaluation/datasets/labelled-set.ts';
import { defaultBootstrap } from '../../evaluation/metrics/bootstrap.ts';
import { seededRandom } from '../../evaluation/metrics/random.ts';
import { measureSet } from '../../evaluation/run/measure-set.ts';
import { rowId, type PlannedRow } from '../../evaluation/run/plan.ts';
import { runStatistics } from '../../evaluation/run/run-statistics.ts';
import { indexImages } from '../../evaluation/datasets/images.ts';
import type { BenchOptions } from './options.ts';
import { note, paint, table } from '../output.ts';
import { makeRn50 } from './random-rn50.ts';

/** The validation set's number. */
const bundledImages = 193;
/** Enough for an RN50, whose images take ten times as long. */
const rn50Images = 24;
const five: readonly Method[] = ['vanilla', 'equitune', 'equizero', 'lambda', 'attention'];
const one: readonly Method[] = ['lambda'];
const bootstrapImages = 1512;

interface ModelFigures {
  readonly model: string;
  readonly images: number;
  /** Images per second, medians. */
  readonly fiveMethods: number;
  readonly oneMethod: number;
  readonly rawTower: number;
  /** Medians of the ratios of neighbouring runs. */
  readonly fiveToOne: number;
  readonly fiveOfRaw: number;
  readonly oneOfRaw: number;
}

interface Figures {
  readonly source: string;
  readonly models: readonly ModelFigures[];
  readonly bootstrapSeconds: number;
  /** Longest time that the event loop waited meanwhile. */
  readonly loopMilliseconds: number;
  readonly peakMegabytes: number;
}

/** Runs the suite and prints its table. */
export async function benchEvaluate({ runs, json }: BenchOptions): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'dermorbit-bench-'));
  try {
    const { paths, source } = await findImages();
    const rn50 = await makeRn50(work);
    const tasks = [
      { name: defaultModelId, model: undefined, images: bundledImages },
      { name: 'RN50', model: rn50, images: rn50Images },
    ];
    const models: ModelFigures[] = [];
    for (const { name, model, images } of tasks) {
      note(`Measuring ${name} on ${images} images (${source}) ...`);
      const opened = await new ModelStore(defaultModelFolders()).find(model);
      const loaded = await loadModel(opened, 'cpu');
      try {
        models.push(await measureModel(name, loaded, itemsOf(paths, images), runs, join(work, name)));
      } finally {
        await loaded.release();
      }
    }
    const figures: Figures = {
      source,
      models,
      ...(await measureBootstrap()),
      peakMegabytes: process.resourceUsage().maxRSS / 1024,
    };
    if (json) process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
    else print(figures, runs);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Five methods, the raw tower and one method in turn, so that ratios are of neighbouring runs. */
async function measureModel(
  name: string,
  model: LoadedModel,
  items: readonly LabelledItem[],
  runs: number,
  work: string,
): Promise<ModelFigures> {
  const times = { five: [] as number[], one: [] as number[], raw: [] as number[] };
  for (let run = 0; run <= runs; run++) {
    const folder = join(work, String(run));
    const measured = {
      five: await timed(() => measure(model, items, five, join(folder, 'five'))),
      raw: await timed(() => rawTower(model, items.length)),
      one: await timed(() => measure(model, items, one, join(folder, 'one'))),
    };
    // The first run warms up and does not count.
    if (run === 0) continue;
    for (const kind of ['five', 'one', 'raw'] as const) times[kind].push(measured[kind]);
  }
  const speed = (values: readonly number[]) => items.length / median(values);
  const ratio = (a: readonly number[], b: readonly number[]) => median(a.map((value, i) => value / b[i]!));
  return {
    model: name,
    images: items.length,
    fiveMethods: speed(times.five),
    oneMethod: speed(times.one),
    rawTower: speed(times.raw),
    fiveToOne: ratio(times.five, times.one),
    fiveOfRaw: ratio(times.raw, times.five),
    oneOfRaw: ratio(times.raw, times.one),
  };
}

/** Seconds. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** The validation images where they lie beside the repository, else the phantoms. */
async function findImages(): Promise<{ paths: string[]; source: string }> {
  const root = installationFolder();
  const validation = join(dirname(root), 'shared', 'isic2018', 'ISIC2018_Task3_Validation_Input');
  const found = existsSync(validation);
  const { byPath } = await indexImages(found ? validation : join(root, 'assets', 'phantoms'));
  const source = found ? 'ISIC 2018 validation' : 'phantoms: ../shared/isic2018 is absent';
  return { paths: [...byPath.values()], source };
}

/** As many items as asked for: the images over and over. */
function itemsOf(paths: readonly string[], count: number): LabelledItem[] {
  return Array.from({ length: count }, (_, index): LabelledItem => {
    const path = paths[index % paths.length]!;
    return { id: String(index), image: { kind: 'file', path }, label: 0, lesion: null };
  });
}

/** Every element of c4, from one orbit per image; each image anew, as phantoms repeat. */
async function measure(
  model: LoadedModel,
  items: readonly LabelledItem[],
  methods: readonly Method[],
  folder: string,
): Promise<void> {
  const rows = methods.map((method): PlannedRow => {
    const settings = resolveSettings({ group: 'c4', method }, model.combiners);
    return { id: rowId(settings), settings };
  });
  const distinct = new Set(items.map(({ image }) => image.path)).size;
  for (let first = 0; first < items.length; first += distinct) {
    const part = items.slice(first, first + distinct);
    const views = { turned: 'all', angles: [], seed: 1, checkedImages: 0 } as const;
    await measureSet(model, part, rows, views, { folder: join(folder, String(first)) });
  }
}

/** The tower alone, with tensors that lie ready: four orientations per image. */
async function rawTower(model: LoadedModel, images: number): Promise<void> {
  const { size } = model.manifest.input;
  const orbit = orbitOf(groups.c4, knownImage(size), size);
  for (let image = 0; image < images; image++) await model.views(orbit);
}

async function measureBootstrap(): Promise<Pick<Figures, 'bootstrapSeconds' | 'loopMilliseconds'>> {
  const random = seededRandom(1);
  const width = isicClasses.length;
  const probabilities = new Float64Array(bootstrapImages * width);
  for (let start = 0; start < probabilities.length; start += width) {
    const row = probabilities.subarray(start, start + width);
    row.forEach((_, index) => (row[index] = random() + 1));
    const sum = row.reduce((total, value) => total + value, 0);
    row.forEach((value, index) => (row[index] = value / sum));
  }
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const bootstrapSeconds = await timed(() =>
    runStatistics(
      {
        model: 'random',
        classes: isicClasses,
        ids: Array.from({ length: bootstrapImages }, (_, index) => String(index)),
        labels: Int32Array.from({ length: bootstrapImages }, () => random() % width),
        lesions: Array.from({ length: bootstrapImages }, () => String(random() % 1200)),
        rows: [
          {
            id: 'c1-vanilla',
            settings: resolveSettings({ group: 'c1', method: 'vanilla' }, new Set()),
            turns: ['0°'],
            views: [probabilities],
            scoredView: 0,
            angles: [],
            angleViews: [],
            orientations: ['0°'],
            weights: null,
            turnCheck: null,
          },
        ],
        bootstrap: defaultBootstrap,
      },
      () => undefined,
    ),
  );
  delay.disable();
  return { bootstrapSeconds, loopMilliseconds: delay.max / 1e6 };
}

function print(figures: Figures, runs: number): void {
  const share = (value: number) => `${(100 * value).toFixed(0)} %`;
  const header = [
    'model',
    'images',
    'raw tower',
    'one method',
    'of raw',
    'five methods',
    'of raw',
    'five / one',
  ].map((cell) => paint('dim', cell));
  const rows = figures.models.map((one) => [
    one.model,
    String(one.images),
    `${one.rawTower.toFixed(1)}/s`,
    `${one.oneMethod.toFixed(1)}/s`,
    share(one.oneOfRaw),
    `${one.fiveMethods.toFixed(1)}/s`,
    share(one.fiveOfRaw),
    one.fiveToOne.toFixed(2),
  ]);
  process.stdout.write(
    `${table([header, ...rows], new Set([1, 2, 3, 4, 5, 6, 7]))}\n\n` +
      `bootstrap: ${figures.bootstrapSeconds.toFixed(2)} s, the event loop waits at most ${figures.loopMilliseconds.toFixed(0)} ms; peak memory ${figures.peakMegabytes.toFixed(0)} MB\n\n` +
      `Images per second (${figures.source}), c4, every element answered, orbit heads, cpu; medians of ${runs} runs, ratios of\n` +
      `neighbouring runs. raw tower: four orientations per image, tensors ready; one method: lambda. bootstrap: every figure\n` +
      `of ${bootstrapImages} images of seven classes, ${defaultBootstrap.resamples} resamples of lesions.\n`,
  );
}

// Measures one model for bench/core.ts; started as a process of its own.
import { median } from '../../base/median.ts';
import { classifyFiles, orbitOfImage, prepareImage } from '../../engine/classify.ts';
import { defaultModelFolders } from '../../engine/folders.ts';
import { knownImage, loadModel, type LoadedModel } from '../../engine/model.ts';
import { ModelStore } from '../../engine/store/store.ts';
import { isFailure } from '../../contract/record.ts';
import type { GroupName } from '../../groups/groups.ts';
import type { Settings } from '../../contract/settings.ts';
import { mapOf } from '../../contract/manifest.ts';
import { resolveSettings } from '../../equivariance/settings.ts';
import { orbitOf } from '../../groups/action.ts';
import { groups } from '../../groups/groups.ts';

export interface CoreTask {
  readonly model: string;
  readonly images: readonly string[];
  readonly runs: number;
}

interface GroupFigures {
  readonly group: GroupName;
  /** Milliseconds, medians. */
  readonly image: number;
  readonly decode: number;
  readonly tower: number;
  readonly rest: number;
  readonly raw: number;
  /** Median of the ratios image / raw of neighbouring runs. */
  readonly ratio: number;
  readonly imagesPerSecond: number;
  /** Folder throughput over raw throughput. */
  readonly folderShare: number;
}

export interface CoreFigures {
  readonly model: string;
  readonly groups: readonly GroupFigures[];
  /**
   * canonical over c4 with its image scorer, as a multiple of the plain model's time for the same file: the median of
   * neighbouring runs. Null for a model without that scorer.
   */
  readonly canonicalRatio: number | null;
  readonly peakMegabytes: number;
}

const measuredGroups = ['c1', 'c4', 'd4'] as const;

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; milliseconds: number }> {
  const start = performance.now();
  const value = await work();
  return { value, milliseconds: performance.now() - start };
}

/** The runs of the sessions that one prediction makes, with tensors that lie ready. */
function rawRun(model: LoadedModel, name: GroupName): () => Promise<void> {
  const group = groups[name];
  const { input, invariantPart } = model.manifest;
  const features = mapOf(model.manifest);
  const images = orbitOf(group, knownImage(input.size), input.size);
  const map = new Float32Array(features.channels * features.size ** 2).fill(0.1);
  const maps = orbitOf(group, map, features.size);
  const invariant = new Float32Array(group.order * invariantPart).fill(0.1);
  return async () => {
    await model.views(images);
    const companions = await model.companions(maps, invariant);
    await model.answers(maps, companions, groups.c1.elements);
    await model.lambda(maps);
    await model.answers(map, companions.subarray(0, companions.length / group.order), group.elements);
  };
}

async function classifyAll(model: LoadedModel, settings: Settings, paths: readonly string[]): Promise<void> {
  for await (const { record } of classifyFiles(model, settings, paths)) {
    if (isFailure(record)) throw new Error(record.error.message);
  }
}

async function measureGroup(
  model: LoadedModel,
  group: GroupName,
  { images, runs }: CoreTask,
): Promise<GroupFigures> {
  const settings = resolveSettings({ group, method: 'lambda' }, model.combiners);
  const path = images[0]!;
  const { size } = model.manifest.input;
  const raw = rawRun(model, group);
  const times: Record<'image' | 'raw' | 'decode' | 'tower', number[]> = {
    image: [],
    raw: [],
    decode: [],
    tower: [],
  };
  for (let run = 0; run <= runs; run++) {
    const image = await timed(() => classifyAll(model, settings, [path]));
    const bare = await timed(raw);
    const prepared = await timed(() => prepareImage(path, size));
    const tower = await timed(() => orbitOfImage(model, prepared.value.square).features(groups[group]));
    // The first run warms up and does not count.
    if (run === 0) continue;
    times.image.push(image.milliseconds);
    times.raw.push(bare.milliseconds);
    times.decode.push(prepared.milliseconds);
    times.tower.push(tower.milliseconds);
  }
  const folder = await measureFolder(() => classifyAll(model, settings, images), raw, images.length);
  const [image, decode, tower] = [median(times.image), median(times.decode), median(times.tower)];
  return {
    group,
    image,
    decode,
    tower,
    rest: image - decode - tower,
    raw: median(times.raw),
    ratio: median(times.image.map((value, run) => value / times.raw[run]!)),
    ...folder,
  };
}

async function measureCanonical(model: LoadedModel, { images, runs }: CoreTask): Promise<number | null> {
  if (!model.combiners.has('canonicalImage')) return null;
  const canonical = resolveSettings({ group: 'c4', method: 'canonical', scorer: 'image' }, model.combiners);
  const vanilla = resolveSettings({ group: 'c1', method: 'vanilla' }, model.combiners);
  const ratios: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const plain = await timed(() => classifyAll(model, vanilla, [images[0]!]));
    const chosen = await timed(() => classifyAll(model, canonical, [images[0]!]));
    if (run > 0) ratios.push(chosen.milliseconds / plain.milliseconds);
  }
  return median(ratios);
}

/** Seconds after which the folder is not measured again: a full-size d4 folder alone takes half a minute. */
const folderPatience = 10;

/** The folder up to three times, each between two series of raw runs that are as long together. */
async function measureFolder(folder: () => Promise<void>, raw: () => Promise<void>, count: number) {
  const shares: number[] = [];
  const speeds: number[] = [];
  const start = performance.now();
  for (let round = 0; round < 3 && performance.now() - start < folderPatience * 1000; round++) {
    const series = () =>
      timed(async () => {
        for (let i = 0; i < count / 2; i++) await raw();
      });
    const before = await series();
    const { milliseconds } = await timed(folder);
    const after = await series();
    speeds.push((count / milliseconds) * 1000);
    shares.push((before.milliseconds + after.milliseconds) / milliseconds);
  }
  return { imagesPerSecond: median(speeds), folderShare: median(shares) };
}

const task = JSON.parse(process.argv[2] ?? '') as CoreTask;
const model = await loadModel(await new ModelStore(defaultModelFolders()).find(task.model), 'cpu');
const measured: GroupFigures[] = [];
for (const group of measuredGroups) measured.push(await measureGroup(model, group, task));
const figures: CoreFigures = {
  model: model.id,
  groups: measured,
  canonicalRatio: await measureCanonical(model, task),
  peakMegabytes: process.resourceUsage().maxRSS / 1024,
};
process.send?.(figures, () => {
  process.disconnect();
});

// What a reproduction will take, before it starts: a view is timed, the rest is arithmetic.
import type { ReproductionOutlook } from '../../contract/reproduction.ts';
import type { Problem } from '../../contract/problem.ts';
import type { LoadedModel } from '../../engine/model.ts';
import { recordBytes } from '../cache/layout.ts';
import { cacheKeyOf } from '../cache/orbits.ts';
import { pixelKey, trainingSide } from '../tower/squares.ts';
import type { Step } from './plan.ts';
import { expectedSeconds, secondsOfRest, type Finished, type ImageCounts } from './time.ts';

/** Views that are timed at once, as many as an image has turns, and how often; the first time warms up. */
const timed = { views: 4, passes: 3 } as const;

/** Seconds of one view through the image tower: the fastest of a few passes. */
export async function secondsPerView(model: LoadedModel): Promise<number> {
  const { size } = model.manifest.input;
  const views = new Float32Array(timed.views * 3 * size * size);
  let fastest = Infinity;
  for (let pass = 0; pass < timed.passes; pass++) {
    const start = performance.now();
    await model.views(views);
    fastest = Math.min(fastest, (performance.now() - start) / 1000);
  }
  return fastest / timed.views;
}

export interface ForeseenStep {
  readonly step: Step;
  readonly done: boolean;
  /** As expected from the time of a view. */
  readonly expected: number;
  /** What it took, if it is done and that is known. */
  readonly seconds: number | null;
}

/** @param isDone whether the step's model is installed and measured, and how long it took */
export function foresee(
  steps: readonly Step[],
  images: ImageCounts,
  view: number,
  isDone: (step: Step) => { readonly done: boolean; readonly seconds: number | null },
): ForeseenStep[] {
  const cached = new Set<string>();
  return steps.map((step) => ({
    step,
    expected: expectedSeconds(step, images, { view }, cached),
    ...isDone(step),
  }));
}

/** Seconds of the steps that are not done, from the first of them on. */
export function secondsLeft(foreseen: readonly ForeseenStep[]): number {
  const finished = foreseen.flatMap(({ step: { kind }, done, expected, seconds }): Finished[] =>
    done && seconds !== null ? [{ kind, expected, seconds }] : [],
  );
  const left = foreseen.filter(({ done }) => !done);
  return secondsOfRest(
    left.map(({ step: { kind }, expected }) => ({ kind, expected })),
    finished,
  );
}

/** Bytes of every cache that the steps fill. */
export function cacheBytes(steps: readonly Step[], model: LoadedModel, images: ImageCounts): number {
  const orbits = new Map(
    steps.flatMap((step): [string, number][] => {
      if (step.kind !== 'prefinetune') return [];
      const { group, level } = step.config;
      const bytes = recordBytes(cacheKeyOf(model, group, level));
      return [[`${group} ${level}`, bytes * (images.training + images.validation)]];
    }),
  );
  const { size } = model.manifest.input;
  const pictures = steps.some(({ kind }) => kind === 'finetune')
    ? recordBytes(pixelKey(trainingSide(size))) * images.training +
      recordBytes(pixelKey(size)) * images.validation
    : 0;
  return [...orbits.values()].reduce((sum, bytes) => sum + bytes, pictures);
}

export function outlookOf(
  foreseen: readonly ForeseenStep[],
  model: LoadedModel,
  images: ImageCounts,
  view: number,
  { differences, problems }: { differences: readonly string[]; problems: readonly Problem[] },
): ReproductionOutlook {
  return {
    steps: foreseen.map(({ step: { id, title }, done }) => ({ id, title, done })),
    images,
    seconds: secondsLeft(foreseen),
    cacheBytes: cacheBytes(
      foreseen.map(({ step }) => step),
      model,
      images,
    ),
    secondsPerView: view,
    provider: model.provider,
    differences,
    problems,
  };
}

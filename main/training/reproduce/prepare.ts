// Before a reproduction starts: model and data are checked, a view is timed, and what was done before is found.
import type { MeasuredModel, ReproductionEvent } from '../../contract/reproduction.ts';
import type { Provider, ProviderChoice } from '../../contract/settings.ts';
import { loadModel } from '../../engine/model.ts';
import type { ModelPackage } from '../../engine/store/package.ts';
import { version } from '../../engine/version.ts';
import { openDataset } from '../../evaluation/datasets/datasets.ts';
import type { DatasetSource } from '../../contract/dataset.ts';
import type { LabelledSet } from '../../evaluation/datasets/labelled-set.ts';
import { openTrainingData, type DataChoice } from '../data/training-data.ts';
import { measuredBefore } from './measure.ts';
import { foresee, outlookOf, secondsPerView } from './outlook.ts';
import { planSteps, type ReproductionChoice, type Step } from './plan.ts';
import { knownDifferences } from './recipes.ts';
import { installed, modelDifferences, requireClassesOf, startingModel } from './starting-model.ts';
import { WorkFolder } from './work-folder.ts';

export interface ReproductionRequest extends ReproductionChoice {
  /** An imported CLIP RN50 with the classes of the data set. */
  readonly model: ModelPackage;
  readonly provider: ProviderChoice;
  readonly data: DataChoice & { readonly validation: DatasetSource };
  /** Everything is kept here. */
  readonly work: string;
}

export interface ReproduceOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: ReproductionEvent) => void) | undefined;
}

/** What is known before the first step. */
export interface PreparedReproduction {
  readonly request: ReproductionRequest;
  readonly steps: readonly Step[];
  readonly folder: WorkFolder;
  readonly start: ModelPackage;
  readonly validation: LabelledSet;
  readonly images: { readonly training: number; readonly validation: number };
  readonly provider: Provider;
  readonly secondsPerView: number;
  readonly differences: readonly string[];
  /** By the ids of steps. */
  readonly before: ReadonlyMap<string, MeasuredModel>;
}

/**
 * Checks model and data, and says what will be done and how long it will probably take. Trains nothing.
 * @throws DermOrbitError REPRODUCTION_CLASSES, RUN_MISMATCH, and the codes of data sets and models
 */
export async function prepareReproduction(
  request: ReproductionRequest,
  { signal, onEvent }: ReproduceOptions = {},
): Promise<PreparedReproduction> {
  const { dataset, model, data, work, seed, scale, provider } = request;
  const validation = await openDataset(data.validation, signal);
  await requireClassesOf(dataset, model, validation, work);
  const opened = await openTrainingData(data, model.manifest.classes, seed, signal);
  const folder = await WorkFolder.open(work, {
    dataset,
    model: model.sha256,
    ...{ data, scale, seed, provider, dermorbit: version },
  });
  const start = await startingModel(folder.store, dataset, model);
  const steps = planSteps(request);
  const before = await measuredOf(folder, steps);
  const images = { training: opened.training.length, validation: opened.validation.length };
  const differences = [...modelDifferences(model), ...runDifferences(request), ...knownDifferences];
  const loaded = await loadModel(start, provider);
  try {
    const view = await secondsPerView(loaded);
    const foreseen = foresee(steps, images, view, ({ id }) => ({
      done: before.has(id),
      seconds: folder.seconds(id),
    }));
    const { problems } = opened;
    onEvent?.({
      kind: 'outlook',
      outlook: outlookOf(foreseen, loaded, images, view, { differences, problems }),
    });
    const common = { request, steps, folder, start, validation, images, differences, before };
    return { ...common, provider: loaded.provider, secondsPerView: view };
  } finally {
    await loaded.release();
  }
}

async function measuredOf(folder: WorkFolder, steps: readonly Step[]): Promise<Map<string, MeasuredModel>> {
  const measured = new Map<string, MeasuredModel>();
  for (const step of steps) {
    const model = await installed(folder.store, step.id);
    const found = model && (await measuredBefore(folder.path, step, model));
    if (found) measured.set(step.id, found);
  }
  return measured;
}

/** In what this run differs from what was published. */
function runDifferences({ scale, data, onlyPrefinetune }: ReproductionRequest): string[] {
  return [
    ...(scale < 1
      ? [`A trial with ${100 * scale} % of the published steps: its numbers say nothing about the papers.`]
      : []),
    ...(data.limit === null ? [] : [`Only the first ${data.limit} training images were used.`]),
    ...(data.allowMissingClasses ? ['Classes without training images were allowed.'] : []),
    ...(onlyPrefinetune ? ['Nothing was finetuned.'] : []),
  ];
}

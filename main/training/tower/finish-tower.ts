// The end of a run that trained an image tower: the best weights as files, installed as a model,
// measured beside the starting model, and installed with a card that says what was measured.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSafetensors, type SafetensorsInput } from '../../backbones/checkpoints/safetensors.ts';
import type { ImportedBackbone } from '../../backbones/imported.ts';
import type { Problem } from '../../contract/problem.ts';
import type { SkippedImage } from '../../contract/training-events.ts';
import type { ResultRow } from '../../contract/training.ts';
import { installBackbone, type InstallRequest } from '../../engine/store/import.ts';
import { readPackageFile, sha256Of, type ModelPackage } from '../../engine/store/package.ts';
import { ModelStore } from '../../engine/store/store.ts';
import type { TrainingCheckpoint } from '../checkpoint.ts';
import { countByClass } from '../data/describe.ts';
import type { HashedItem, OpenedData } from '../data/training-data.ts';
import type { DataHashes, RunRequest, TrainOptions } from '../request.ts';
import type { State } from '../step.ts';
import { measureModels } from '../run/measure.ts';
import { cardMetrics, modelCard, netNames, plain } from '../run/model-card.ts';
import { writeFileAtomic } from '../../base/durable-files.ts';
import type { RunFolder } from '../run/run-folder.ts';
import { softwareVersions } from '../run/versions.ts';
import { networkState } from './network.ts';
import type { TowerTask } from './task.ts';
import type { TowerPlan } from './train-tower.ts';

export interface TowerResult {
  readonly request: RunRequest;
  readonly task: TowerTask;
  readonly plan: TowerPlan;
  readonly last: TrainingCheckpoint;
  readonly folder: RunFolder;
  readonly hashes: DataHashes;
  readonly training: readonly HashedItem[];
  readonly validation: readonly HashedItem[];
  readonly problems: readonly Problem[];
  readonly skipped: readonly SkippedImage[];
  readonly data: OpenedData;
}

/** @throws DermOrbitError of imports and evaluations; CANCELLED: the run can be resumed, and ends here again */
export async function finishTower(
  store: ModelStore,
  result: TowerResult,
  options: TrainOptions,
): Promise<ModelPackage> {
  const { request, task, plan, folder, validation } = result;
  const path = (name: string) => join(folder.path, name);
  const { backbone, parts } = await writeWeights(result, path);
  // Imported once to be measured, and once more with the card that says what was measured.
  const trial = path('trial');
  await rm(trial, { recursive: true, force: true });
  const candidates = new ModelStore({ bundled: path('none'), imported: trial });
  const candidate = await installBackbone(candidates, backbone, parts, { signal: options.signal });
  const results = await measureModels(
    {
      // A model of other classes answers nothing of these images.
      models: task.base && sameClasses(task.base, plan.classes) ? [candidate, task.base] : [candidate],
      classes: plan.classes,
      items: validation.map(({ item }) => item),
      group: task.measured,
      provider: plan.provider,
      folder: folder.path,
    },
    options,
  );
  await folder.writeCard(await cardOf(result, results));
  const about = {
    name: request.out,
    description: headlineOf(result).slice(0, 2000),
    license: task.base?.manifest.license ?? 'that of the images it was trained on',
    metrics: cardMetrics(results, validation.length),
  };
  await writeFileAtomic(path('about.json'), JSON.stringify(about));
  const installed = await installBackbone(
    store,
    backbone,
    { ...parts, card: path('MODEL_CARD.md'), about: path('about.json') },
    { signal: options.signal },
  );
  await rm(trial, { recursive: true, force: true });
  const { out, run } = request;
  await folder.writeResult({ model: out, finished: new Date().toISOString(), results });
  options.onEvent?.({ kind: 'done', model: out, folder: installed.folder, run, results });
  return installed;
}

/** The run's weights as files, and how a model is made of them. */
async function writeWeights(
  { request, plan, last }: TowerResult,
  path: (name: string) => string,
): Promise<{ backbone: ImportedBackbone; parts: InstallRequest }> {
  const { start, classes } = plan;
  const { file, backbone } = start.network.trained(last.bestWeights);
  await writeFileAtomic(path(file.name), file.bytes);
  const { width, classes: count, data, bias } = start.classEmbeddings;
  const learned = last.bestWeights.get('class_embeddings')?.data ?? data;
  const embeddings = { dims: [width, count], dtype: 'float32', data: learned } as const;
  const tensors = new Map<string, SafetensorsInput>([['class_embeddings', embeddings]]);
  if (bias) {
    const shift = last.bestWeights.get('class_bias')?.data ?? bias;
    tensors.set('class_bias', { dims: [count], dtype: 'float32', data: shift });
  }
  await writeFileAtomic(path('class-embeddings.safetensors'), writeSafetensors(tensors));
  const network = networkState(plan, last.bestWeights);
  if (network) await writeFileAtomic(path('combiners.safetensors'), writeSafetensors(asFile(network)));
  return {
    backbone,
    parts: {
      checkpoint: path(file.name),
      origin: { file: file.name, format: file.format, sha256: sha256Of(file.bytes) },
      classEmbeddings: path('class-embeddings.safetensors'),
      ...(network ? { combiners: path('combiners.safetensors') } : {}),
      classes: [...classes],
      id: request.out,
      ...start.logits,
    },
  };
}

function asFile(network: State): Map<string, SafetensorsInput> {
  return new Map([...network].map(([name, { dims, data }]) => [name, { dims, dtype: 'float32', data }]));
}

function headlineOf({ task, training, plan }: TowerResult): string {
  return task.base
    ? `The model ${plain(task.base.manifest.name)}, finetuned end to end by DermOrbit on ${training.length} images.`
    : `A ${plan.start.network.summary} that DermOrbit trained from scratch on ${training.length} images.`;
}

async function cardOf(result: TowerResult, results: readonly ResultRow[]): Promise<string> {
  const { request, task, plan, last, training, validation, hashes, data, problems, skipped } = result;
  const { base } = task;
  const { rule } = plan;
  const card = base?.manifest.files.card;
  const counts = (items: readonly HashedItem[]) => countByClass(items, plan.classes.length);
  const dropped = base ? droppedParts(base, rule.net?.name ?? null) : [];
  return modelCard({
    id: request.out,
    headline: headlineOf(result),
    parts: [
      ...(base
        ? ([
            ['starting model', `${base.manifest.id}, manifest sha256 ${base.sha256}`],
            ['licence of the starting model', base.manifest.license],
          ] as const)
        : ([['starting point', 'random weights']] as const)),
      ['group', rule.group.name],
      [
        'combination while training',
        rule.group.order === 1 ? 'none: upright images only' : `inverse ${rule.inverse}, ${rule.head} head`,
      ],
      ...(rule.net ? ([['weight network', netNames[rule.net.name]]] as const) : []),
      ...(dropped.length > 0
        ? ([
            ['not taken over from the starting model', `${dropped.join(', ')}: made for its old image tower`],
          ] as const)
        : []),
    ],
    baseCard: base && card ? new TextDecoder().decode(await readPackageFile(base, card)) : null,
    config: plan.config,
    classes: plan.classes,
    training: counts(training),
    validation: counts(validation),
    hashes,
    lesionsKnown: data.lesionsKnown,
    problems,
    skipped,
    best: last.history.find(({ round }) => round === last.best) ?? last.history.at(-1)!,
    rounds: last.round,
    results,
    versions: softwareVersions(plan.provider),
  });
}

/** Networks of the starting model that its new image tower makes void. */
function droppedParts({ manifest }: ModelPackage, kept: string | null): string[] {
  return (['lambda', 'attention', 'lambdaEmbedding', 'textTower'] as const)
    .filter((role) => manifest.files[role] && role !== kept)
    .map((role) => (role === 'textTower' ? 'text tower' : netNames[role]));
}

const sameClasses = ({ manifest }: ModelPackage, classes: readonly string[]) =>
  manifest.classes.join() === classes.join();

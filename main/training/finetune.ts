// Finetuning: image tower, attention pool, class embeddings and weight network learn together, through the orbit of every
// image. METHODS.md, "Training".
import type { FinetuneConfig } from '../contract/training.ts';
import { isicClasses } from '../contract/settings.ts';
import { checkedClasses } from '../engine/store/import.ts';
import { loadModel } from '../engine/model.ts';
import type { ModelPackage } from '../engine/store/package.ts';
import type { ModelStore } from '../engine/store/store.ts';
import { groups } from '../groups/groups.ts';
import { parameterNames } from './graphs/weight-nets.ts';
import type { RunRequest, TrainOptions } from './request.ts';
import { networkOf } from './tower/network.ts';
import { runTower } from './tower/run-tower.ts';
import { stagesOf } from './tower/stages.ts';
import { packagedStart, withFreshClasses } from './tower/starting-point.ts';

export interface FinetuneRequest extends RunRequest {
  readonly model: ModelPackage;
  readonly config: FinetuneConfig;
  /** Of a model with fresh class embeddings: the classes of the data; those of ISIC 2018 Task 3 where absent. */
  readonly classes?: readonly string[];
}

/**
 * Finetunes a model and installs the result under a new id.
 * @throws DermOrbitError as {@link runTower}; COMBINER_MISSING, and the codes of models
 */
export async function finetune(
  store: ModelStore,
  request: FinetuneRequest,
  options: TrainOptions = {},
): Promise<ModelPackage> {
  const { config, model: opened } = request;
  const { manifest } = opened;
  const loaded = await loadModel(opened, request.provider);
  const packaged = await packagedStart(opened, loaded);
  await loaded.release();
  const fresh = config.classEmbeddings === 'fresh';
  const classes = fresh ? checkedClasses(request.classes ?? isicClasses) : manifest.classes;
  const start = fresh ? withFreshClasses(packaged, classes.length, config.seed) : packaged;
  const net = await networkOf(opened, config);
  const { method, inverse, head, dropout } = config;
  const group = method === 'vanilla' ? groups.c1 : groups[config.group];
  const plan = {
    start,
    rule: { group, net, inverse, head },
    batchNorm: config.batchNorm,
    classEmbeddings: config.classEmbeddings,
    dropout,
    network: net && config.network === 'trainable' ? parameterNames(net.name, manifest) : [],
    stages: stagesOf(config.smallerFirst, manifest.input.size, config.rounds),
    classes,
    input: manifest.input,
    provider: loaded.provider,
  };
  return runTower(
    store,
    request,
    {
      recipe: { kind: 'finetune', config, model: manifest.id },
      base: opened,
      measured: config.group,
      plan,
    },
    options,
  );
}

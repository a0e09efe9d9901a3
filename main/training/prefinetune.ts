// Pre-finetuning: image tower, attention pool and class embeddings stay as they are, and one weight network learns from
// cached orbits. Images and a model in; a run folder and a new, installed model out. METHODS.md, "Training".
import { DermOrbitError, asDermOrbitError } from '../contract/errors.ts';
import type { Manifest } from '../contract/manifest.ts';
import type { PrefinetuneConfig } from '../contract/training.ts';
import { loadModel, type LoadedModel } from '../engine/model.ts';
import type { ModelPackage } from '../engine/store/package.ts';
import type { ModelStore } from '../engine/store/store.ts';
import { groups } from '../groups/groups.ts';
import { fillCache } from './cache/fill.ts';
import { cacheKeyOf, defaultCachePath, orbitFilling } from './cache/orbits.ts';
import { RecordCache, type OrbitCache } from './cache/record-cache.ts';
import { answerable, partsOf } from './cache/sets.ts';
import type { TrainingCheckpoint } from './checkpoint.ts';
import { requireValidation } from './data/describe.ts';
import { requireClasses, type HashedData, type HashedItem } from './data/training-data.ts';
import { finishModel } from './finish.ts';
import { frozenParts, packagedNet } from './frozen.ts';
import { activationBytes, partSize } from './graphs/accumulate.ts';
import { forwardGraph, type ForwardSpec } from './graphs/forward.ts';
import {
  freshWeights,
  parameterNames,
  trainedNetOf,
  weightNets,
  type TrainedNet,
} from './graphs/weight-nets.ts';
import type { PrefinetuneRequest, Prepared, TrainInput, TrainOptions } from './request.ts';
import { runRounds } from './rounds.ts';
import { beginRun, openFolder, hashRun } from './run/begin.ts';
import { Stepper } from './step.ts';
import { Validator } from './validate.ts';

/**
 * Trains a weight network and installs the model that has it.
 * @throws DermOrbitError with the codes of data sets, images, models, caches and training; CANCELLED. What was cached
 *   and checkpointed stays, so that `resume` goes on with it.
 */
export async function prefinetune(
  store: ModelStore,
  request: PrefinetuneRequest,
  { signal, onEvent }: TrainOptions = {},
): Promise<ModelPackage> {
  const { config } = request;
  const net = trainedNet(config);
  requireTrainable(request.model.manifest, net);
  const { id, classes } = request.model.manifest;
  const recipe = { kind: 'prefinetune', config, model: id } as const;
  const { task, data } = await beginRun(store, request, recipe, classes, { signal, onEvent });
  const model = await loadModel(request.model, request.provider);
  try {
    const hashed = await hashRun(data, { signal, onEvent });
    const key = cacheKeyOf(model, config.group, config.level);
    const cache = await RecordCache.open(request.cache ?? defaultCachePath(key), key, signal);
    try {
      const prepared = await cacheOrbits(cache, model, hashed, request.data.allowMissingClasses, {
        signal,
        onEvent,
      });
      const problems = [...data.problems, ...hashed.problems];
      return await train(
        store,
        request,
        { ...prepared, task, data, model, net, problems },
        { signal, onEvent },
      );
    } finally {
      await cache.close();
    }
  } catch (error) {
    throw asDermOrbitError(error);
  } finally {
    await model.release();
  }
}

/**
 * The embedding level is trained on normalised embeddings, which are not what a classifier's own logits are made of.
 * @throws DermOrbitError TRAINING_UNSUPPORTED, MAP_MISSING
 */
function requireTrainable({ id, logits, features }: Manifest, net: TrainedNet): void {
  if (net === 'lambdaEmbedding' && logits.embeddingLevel === 'own') {
    throw new DermOrbitError(
      'TRAINING_UNSUPPORTED',
      `${id} is a classifier with logits of its own: its weight networks are trained at feature level.`,
    );
  }
  if (net !== 'lambdaEmbedding' && !features) {
    throw new DermOrbitError('MAP_MISSING', `${id} has no feature map for a weight network to look at.`);
  }
}

/** @throws DermOrbitError OPTION_INVALID for what no paper defines, and for what cannot learn */
function trainedNet({ method, level, group }: PrefinetuneConfig): TrainedNet {
  const net = trainedNetOf({ method, level });
  if (level === 'feature' && groups[group].order === 1) {
    const message = `${group} has one orientation, whose weight is 1 whatever a network says.`;
    throw new DermOrbitError('OPTION_INVALID', message);
  }
  if (net && (level === 'feature' || net === 'lambdaEmbedding')) return net;
  throw new DermOrbitError('OPTION_INVALID', `${method} cannot be trained at ${level} level.`);
}

async function cacheOrbits(
  cache: OrbitCache,
  model: LoadedModel,
  { training, validation, skipped: unread }: HashedData,
  allowMissingClasses: boolean,
  { signal, onEvent }: TrainOptions,
): Promise<Prepared> {
  const { classes } = model.manifest;
  const undecoded = await fillCache(cache, [...validation, ...training], orbitFilling(cache.key, model), {
    signal,
    onImage: (done, total) =>
      onEvent?.({ kind: 'cache', done, total, bytes: cache.bytesOf(total), path: cache.path }),
  });
  // Told before anything fails for the want of them.
  const skipped = [...unread, ...undecoded];
  if (skipped.length > 0) onEvent?.({ kind: 'skipped', images: skipped });
  const cached = (items: readonly HashedItem[]) => ({
    cache,
    classes,
    images: items.filter(({ sha256 }) => cache.has(sha256)),
  });
  const sets = { training: cached(training), validation: cached(validation) };
  requireClasses(sets.training.images, classes, allowMissingClasses);
  requireValidation(sets.validation.images);
  return { ...sets, skipped };
}

async function train(
  store: ModelStore,
  request: PrefinetuneRequest,
  input: TrainInput,
  { signal, onEvent }: TrainOptions,
): Promise<ModelPackage> {
  const { config, model: opened } = request;
  const { manifest } = opened;
  const { model, net, training, validation } = input;
  const { task, problems, skipped } = input;
  const { classes } = manifest;
  const { folder, checkpoint, hashes, identity } = await openFolder(request, {
    ...{ task, config, base: opened, classes, lesionsKnown: input.data.lesionsKnown, problems, skipped },
    ...{ training: training.images, validation: validation.images },
  });

  const parts = await frozenParts(opened, model);
  const spec = async (dropout: boolean): Promise<ForwardSpec> => {
    const weights = freshWeights(net, manifest, config.seed);
    const started = config.initial === 'model' ? await packagedNet(opened, net) : null;
    if (config.initial === 'model' && !started) {
      throw new DermOrbitError('COMBINER_MISSING', `${manifest.id} has no ${net} network to start from.`);
    }
    const network = started ?? weightNets[net].build(weights, manifest);
    const { group, inverse, head } = config;
    return { parts, group: groups[group], net: { name: net, model: network }, inverse, head, dropout };
  };
  const parameters = parameterNames(net, manifest);
  const dropout = net === 'lambdaEmbedding' && config.dropout > 0;
  const part = partSize(config.batch, activationBytes(manifest, groups[config.group].order, net));
  const stepper = await Stepper.open({
    forward: forwardGraph(await spec(dropout)),
    parameters,
    config,
    part,
    provider: model.provider,
  });
  const validator = await Validator.open(forwardGraph(await spec(false)), parameters, model.provider, part);
  let last: TrainingCheckpoint;
  try {
    last = await runRounds(
      {
        config,
        identity,
        stepper,
        labels: training.images.map(({ label }) => label),
        parts: (batch, random) =>
          partsOf(
            training,
            { part, turns: config.turns, dropout: dropout ? config.dropout : 0 },
            batch,
            random,
          ),
        validate: (weights, stop) =>
          validator.measure(answerable(validation), Object.fromEntries(weights), stop),
        signal,
        onEvent,
        save: (one) => folder.save(one),
      },
      checkpoint,
    );
  } finally {
    await stepper.release();
    await validator.release();
  }
  return finishModel(store, request, { ...input, last, hashes, parts, folder, part }, { signal, onEvent });
}

// Training from scratch: a CLIP modified ResNet with random weights, its attention pool and class embeddings learn from
// labelled images alone. METHODS.md, "Training".
import type { ScratchConfig } from '../contract/training.ts';
import { CLIP_MEAN, CLIP_STD } from '../backbones/clip-resnet/constants.ts';
import { onFirstUsable } from '../engine/providers.ts';
import { openSession } from '../engine/runtime.ts';
import { checkedClasses } from '../engine/store/import.ts';
import type { ModelPackage } from '../engine/store/package.ts';
import type { ModelStore } from '../engine/store/store.ts';
import { groups } from '../groups/groups.ts';
import { encodeModel } from '../onnx/codec.ts';
import type { RunRequest, TrainOptions } from './request.ts';
import { towerGraph } from './tower/graph.ts';
import { runTower } from './tower/run-tower.ts';
import { stagesOf } from './tower/stages.ts';
import { randomStart } from './tower/starting-point.ts';

export interface ScratchRequest extends RunRequest {
  readonly config: ScratchConfig;
  readonly classes: readonly string[];
}

/** One orientation, nothing to combine. */
const upright = { group: groups.c1, net: null, inverse: 'off', head: 'plain' } as const;

/**
 * Trains a model and installs it.
 * @throws DermOrbitError as {@link runTower}; OPTION_INVALID, CLASSES_INVALID
 */
export async function trainFromScratch(
  store: ModelStore,
  request: ScratchRequest,
  options: TrainOptions = {},
): Promise<ModelPackage> {
  const { config } = request;
  // Before hours of training, not when its result is imported.
  const classes = checkedClasses(request.classes);
  const { architecture, smallerFirst, rounds, seed } = config;
  const stages = stagesOf(smallerFirst, architecture.size, rounds);
  const start = randomStart(architecture, classes.length, seed);
  const plan = {
    start,
    rule: upright,
    batchNorm: 'live',
    classEmbeddings: 'trainable',
    network: [],
    dropout: 0,
    stages,
    classes,
    input: { mean: CLIP_MEAN, std: CLIP_STD },
  } as const;
  const graph = encodeModel(towerGraph({ ...plan, statistics: 'running' }));
  const { provider } = await onFirstUsable(request.provider, async (name) => {
    await (await openSession(graph, name)).release();
  });
  return runTower(
    store,
    request,
    {
      recipe: { kind: 'scratch', config },
      base: null,
      measured: 'c4',
      plan: { ...plan, provider },
    },
    options,
  );
}

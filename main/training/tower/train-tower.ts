// Training of a whole image tower with its pool, class embeddings and, where the method has one, weight network: the loop
// that finetuning and training from scratch share. Where they differ is in what they are given: a plan.
import { bindDimensions, inferShapes } from '../../onnx/shapes.ts';
import { knownSizes } from '../../onnx/dimensions.ts';
import type { Provider } from '../../contract/settings.ts';
import type { TrainingEvent } from '../../contract/training-events.ts';
import type { FinetuneConfig, RoundsConfig, ScratchConfig } from '../../contract/training.ts';
import type { Model } from '../../onnx/graph.ts';
import type { TrainingCheckpoint } from '../checkpoint.ts';
import type { PixelCache } from '../cache/record-cache.ts';
import type { HashedItem } from '../data/training-data.ts';
import { partSize } from '../graphs/accumulate.ts';
import { runRounds } from '../rounds.ts';
import { Stepper } from '../step.ts';
import { Validator } from '../validate.ts';
import type { LearnedNames } from '../networks/trainable.ts';
import { towerGraph, type OrbitRule } from './graph.ts';
import { answerablePictures, pictureParts, type InputRule } from './squares.ts';
import type { Stage } from './stages.ts';
import type { StartingPoint } from './starting-point.ts';

export type TowerConfig = (FinetuneConfig | ScratchConfig) & Pick<RoundsConfig, 'iterations'>;

export interface TowerPlan {
  readonly config: TowerConfig;
  readonly start: StartingPoint;
  readonly rule: OrbitRule;
  readonly batchNorm: FinetuneConfig['batchNorm'];
  readonly classEmbeddings: FinetuneConfig['classEmbeddings'];
  /** Names of the weight network's weights, if they learn. */
  readonly network: readonly string[];
  /** Share of the units of an embedding-level network that are silenced while it learns. */
  readonly dropout: number;
  readonly stages: readonly Stage[];
  readonly classes: readonly string[];
  readonly input: Pick<InputRule, 'mean' | 'std'>;
  readonly provider: Provider;
}

/** The pictures of one input size. */
export interface StagePictures {
  readonly training: PixelCache;
  readonly validation: PixelCache;
}

export interface TowerSets {
  readonly training: readonly HashedItem[];
  readonly validation: readonly HashedItem[];
  /** Opened when a stage begins, closed when it ends. */
  readonly pictures: (size: number) => Promise<StagePictures & { close(): Promise<void> }>;
}

export interface TowerRun {
  readonly identity: string;
  readonly checkpoint: TrainingCheckpoint | null;
  readonly save: (checkpoint: TrainingCheckpoint) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: TrainingEvent) => void) | undefined;
}

/** Bytes that the activations of one step may take, about. */
const stepBytes = 3e9;

/** Copies of an activation that are alive at once, forward and backward, about. */
const copies = 1.6;

/**
 * Runs every stage that is left.
 * @returns the last checkpoint; `bestWeights` holds parameters and statistics by their names in the graph
 * @throws DermOrbitError of {@link runRounds}, of caches, TRAINING_UNSUPPORTED
 */
export async function trainTower(
  plan: TowerPlan,
  sets: TowerSets,
  run: TowerRun,
): Promise<TrainingCheckpoint> {
  let checkpoint = run.checkpoint;
  for (const stage of plan.stages) {
    if (checkpoint && checkpoint.round >= stage.to) continue;
    checkpoint = await runStage(plan, stage, sets, { ...run, checkpoint });
    if (checkpoint.round < stage.to) break;
  }
  return checkpoint!;
}

async function runStage(
  plan: TowerPlan,
  stage: Stage,
  sets: TowerSets,
  { checkpoint, ...run }: TowerRun,
): Promise<TrainingCheckpoint> {
  const { config, provider, rule, classes } = plan;
  const network = plan.start.network.atSize(stage.size);
  const start = { ...plan.start, network };
  const names = network.learned(plan.batchNorm);
  const ofClasses = plan.start.classEmbeddings.bias
    ? ['class_embeddings', 'class_bias']
    : ['class_embeddings'];
  const embeddings = plan.classEmbeddings === 'frozen' ? [] : ofClasses;
  const parameters = [...names.parameters, ...embeddings, ...plan.network];
  const dropout = rule.net?.name === 'lambdaEmbedding' && plan.network.length > 0 ? plan.dropout : 0;
  const graph = (statistics: 'batch' | 'running', masked: boolean) =>
    towerGraph({ start, rule, batchNorm: plan.batchNorm, statistics, masked });
  const forward = graph('batch', dropout > 0);
  const part = partOf(forward, config.batch);
  const stepper = await Stepper.open({
    forward,
    parameters,
    config,
    part,
    provider,
    loss: lossOf(plan, sets.training),
    averaging: config.averaging,
  });
  const validator = await openValidator(graph('running', false), parameters, names, provider, part);
  const pictures = await sets.pictures(stage.size);
  const view = { ...plan.input, size: stage.size, group: rule.group };
  const answers = answerablePictures(pictures.validation, sets.validation, classes, view);
  try {
    const last = plan.stages.at(-1)!;
    return await runRounds(
      {
        ...run,
        config,
        until: stage.to,
        comparableFrom: last.from,
        stepper,
        labels: sets.training.map(({ label }) => label),
        parts: (batch, random) =>
          pictureParts(
            {
              cache: pictures.training,
              images: sets.training,
              augmentation: config.augmentation,
              rule: view,
              part,
              dropout,
            },
            batch,
            random,
          ),
        validate: (weights, signal) => validator.measure(answers, Object.fromEntries(weights), signal),
      },
      checkpoint && { ...checkpoint, state: network.resized(checkpoint.state) },
    );
  } finally {
    await pictures.close();
    await stepper.release();
    await validator.release();
  }
}

function openValidator(
  forward: Model,
  parameters: readonly string[],
  { statistics }: LearnedNames,
  provider: Provider,
  part: number,
): Promise<Validator> {
  return Validator.open(forward, [...parameters, ...statistics], provider, part);
}

/** Logit adjustment by the classes' shares of what is drawn: balanced sampling needs none. */
function lossOf({ config, classes }: TowerPlan, training: readonly HashedItem[]) {
  const { logitAdjustment: tau, labelSmoothing, balance } = config;
  if (tau === 0 || balance !== 'none') return { labelSmoothing };
  const counts = new Array<number>(classes.length).fill(0);
  for (const { label } of training) counts[label]!++;
  // A class without images counts as half of one: its logarithm stays finite.
  const shares = counts.map((count) => Math.max(count, 0.5) / training.length);
  return { labelSmoothing, logitAdjustment: shares.map((share) => tau * Math.log(share)) };
}

/** Images that one run of a training graph takes: a divisor of the batch whose activations fit. */
export function partOf(forward: Model, batch: number): number {
  return partSize(batch, activationBytes(forward), stepBytes);
}

/** Bytes of one image's activations in a step, about: what a second image adds, since weights are computed once. */
function activationBytes(forward: Model): number {
  const numbers = (batch: number) => {
    const { graph } = bindDimensions(forward, { batch });
    const shapes = inferShapes(graph);
    return graph.nodes.reduce((total, { outputs }) => {
      const sizes = outputs.map((name) => (name === '' ? [] : knownSizes(shapes.get(name).dims)));
      return total + sizes.reduce((sum, dims) => sum + (dims ?? []).reduce((n, dim) => n * dim, 1), 0);
    }, 0);
  };
  return (numbers(2) - numbers(1)) * Float32Array.BYTES_PER_ELEMENT * copies;
}

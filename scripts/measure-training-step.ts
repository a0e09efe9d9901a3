// Milliseconds of one training step from scratch (forward, backward, update) beside those of the forward pass alone.
// Processor time is given too, since it says more than the clock on a machine that others use.
// usage: node scripts/measure-training-step.ts [--steps 5] [--batch 64] [--threads N] [--level all|extended|basic]
//   [--profile PREFIX]   a trace of the runtime, one event per node
import os from 'node:os';
import { parseArgs } from 'node:util';
import ort from 'onnxruntime-node';
import { adamW } from '../main/autodiff/optimizers.ts';
import { trainingGraph } from '../main/autodiff/training-graph.ts';
import { unfoldBatchNorm, type BatchNorm } from '../main/autodiff/unfold-batch-norm.ts';
import { buildAttentionPool } from '../main/backbones/clip-resnet/attention-pool.ts';
import { buildImageTower } from '../main/backbones/clip-resnet/image-tower.ts';
import {
  randomClassEmbeddings,
  randomClip,
  visualArchitecture,
} from '../main/backbones/clip-resnet/random-weights.ts';
import { readSafetensors, writeSafetensors } from '../main/backbones/checkpoints/safetensors.ts';
import { GraphBuilder } from '../main/onnx/builder.ts';
import { encodeModel } from '../main/onnx/codec.ts';
import { inlineGraph } from '../main/onnx/compose.ts';
import { pruneToOutputs, type Model } from '../main/onnx/graph.ts';
import { bindDimensions } from '../main/onnx/shapes.ts';

const { values: options } = parseArgs({
  options: {
    steps: { type: 'string', default: '5' },
    batch: { type: 'string', default: '64' },
    threads: { type: 'string', default: '0' },
    level: { type: 'string', default: 'extended' },
    profile: { type: 'string' },
  },
});
const batch = Number(options.batch);
const steps = Number(options.steps);

/** The bundled architecture. */
const visual = visualArchitecture({ layers: [2, 2, 2, 2], width: 32, resolution: 128, embeddingWidth: 256 });
const classes = 7;
const weights = readSafetensors(writeSafetensors(randomClip(visual, 1)));
const classEmbeddings = readSafetensors(writeSafetensors(randomClassEmbeddings(visual, classes, 2)));
const architecture = { visual, text: null, logitScale: null };

function classifier(tower: Model): Model {
  const graph = new GraphBuilder('classifier');
  const image = graph.input('image', 'float32', ['batch', 3, visual.resolution, visual.resolution]);
  const { features } = inlineGraph(graph, tower.graph, { image });
  const pool = pruneToOutputs(buildAttentionPool(weights, architecture).graph, ['embedding']);
  const { embedding } = inlineGraph(graph, pool, { features: features! });
  const matrix = classEmbeddings.get('class_embeddings')!;
  const learned = graph.float32('class_embeddings', matrix.float32(), matrix.dims);
  graph.output('logits', graph.op('MatMul', [embedding!, learned]), ['batch', classes]);
  return bindDimensions(graph.build(), { batch });
}

function batchNorms(): Map<string, BatchNorm> {
  const names = [...weights.keys()].filter((name) => name.endsWith('.running_mean'));
  return new Map(
    names.map((name) => {
      const norm = name.slice(0, -'.running_mean'.length);
      const part = (key: string) => weights.get(`${norm}.${key}`)!.float32();
      return [
        norm,
        {
          weight: part('weight'),
          bias: part('bias'),
          running_mean: part('running_mean'),
          running_var: part('running_var'),
        },
      ];
    }),
  );
}

function noise(count: number): Float32Array {
  let state = 7;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

type Feeds = Record<string, ort.Tensor>;

/** Milliseconds of one run, by the clock and summed over processors. */
interface Time {
  readonly clock: number;
  readonly processor: number;
}

async function measure(model: Model, feeds: Feeds, next: (outputs: Feeds) => void, profile?: string) {
  const session = await ort.InferenceSession.create(encodeModel(model), {
    graphOptimizationLevel: options.level as 'all' | 'extended' | 'basic',
    logSeverityLevel: 3,
    intraOpNumThreads: Number(options.threads),
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }),
  });
  const times: Time[] = [];
  for (let step = 0; step <= steps; step++) {
    const start = performance.now();
    const processor = process.cpuUsage();
    const outputs = await session.run(feeds);
    const { user, system } = process.cpuUsage(processor);
    if (step > 0) times.push({ clock: performance.now() - start, processor: (user + system) / 1000 });
    next(outputs);
  }
  if (profile !== undefined) session.endProfiling();
  await session.release();
  return times;
}

const folded = buildImageTower(weights, architecture);
const forward = classifier(folded);
const live = classifier(unfoldBatchNorm(folded, batchNorms(), { statistics: 'batch' }));
const learned = [...weights.keys(), 'class_embeddings'].filter(
  (name) => !/running_|num_batches|k_proj\.bias/.test(name),
);
const training = trainingGraph({
  forward: live,
  loss: { kind: 'updated', logits: 'logits' },
  parameters: learned.map((name) => ({ name, weightDecay: 0.05 })),
  optimizer: adamW(),
  maxGradientNorm: 1,
});
const side = 3 * visual.resolution ** 2;
const image = new ort.Tensor('float32', noise(batch * side), [
  batch,
  3,
  visual.resolution,
  visual.resolution,
]);
const state: Feeds = Object.fromEntries(
  training.state.map(({ name, dims, initial }) => [name, new ort.Tensor('float32', initial(), dims)]),
);
const feeds: Feeds = {
  ...state,
  image,
  labels: new ort.Tensor(
    'int64',
    BigInt64Array.from({ length: batch }, (_, i) => BigInt(i % classes)),
    [batch],
  ),
  learning_rate: new ort.Tensor('float32', Float32Array.of(1e-3), []),
};
const losses: number[] = [];

const forwardTimes = await measure(forward, { image }, () => undefined);
const liveTimes = await measure(live, { image }, () => undefined);
const stepTimes = await measure(
  training.model,
  feeds,
  (outputs) => {
    losses.push(Number(outputs.loss!.data[0]));
    for (const { name, next } of training.state) feeds[name] = outputs[next]!;
  },
  options.profile,
);

const parameters = training.state.filter(({ role }) => role === 'parameter');
const count = parameters.reduce((total, { dims }) => total + dims.reduce((n, dim) => n * dim, 1), 0);
console.log(`${(count / 1e6).toFixed(2)} million parameters, batch ${batch}, ${visual.resolution} px`);
console.log(`load average ${os.loadavg()[0]!.toFixed(1)} on ${os.availableParallelism()} cores`);
const least = (times: readonly Time[], key: keyof Time) => Math.min(...times.map((time) => time[key]));
const line = (name: string, times: readonly Time[]) => {
  const part = (key: keyof Time) => {
    const ratio = least(times, key) / least(forwardTimes, key);
    return `${least(times, key).toFixed(0).padStart(6)} ms ${key} (${ratio.toFixed(2)} x)`;
  };
  console.log(`${name.padEnd(28)} ${part('clock')} ${part('processor')}`);
};
console.log('least of', steps, 'runs');
line('forward, batch norm folded', forwardTimes);
line('forward, batch statistics', liveTimes);
line('forward, backward, update', stepTimes);
console.log(
  `peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB; losses ${losses.map((loss) => loss.toFixed(3)).join(' ')}`,
);

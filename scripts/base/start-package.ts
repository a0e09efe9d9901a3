// A pretrained network as a model that finetuning can start from: its tower, a projection that has yet to learn, the mean of
// the cells, and class embeddings that have yet to learn. It is never used to classify.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { normalSource } from '../../main/backbones/clip-resnet/random-weights.ts';
import { writeSafetensors } from '../../main/backbones/checkpoints/safetensors.ts';
import type { ImportedBackbone } from '../../main/backbones/imported.ts';
import { isicClasses } from '../../main/contract/settings.ts';
import { installBackbone } from '../../main/engine/store/import.ts';
import type { ModelPackage } from '../../main/engine/store/package.ts';
import type { ModelStore } from '../../main/engine/store/store.ts';
import { GraphBuilder } from '../../main/onnx/builder.ts';
import { inlineGraph } from '../../main/onnx/compose.ts';
import type { Model } from '../../main/onnx/graph.ts';
import type { PretrainedNetwork } from './starts.ts';

/**
 * Channels of the map that the methods work on. The network's own (1,280 of a MobileNetV2) would make the cached orbits and
 * the weight networks five times larger.
 */
const width = 256;

/**
 * Installs the start under an id, unless it is there.
 * @param size R of the model, a multiple of 32
 * @param seed of the projection and the class embeddings
 */
export async function startPackage(
  store: ModelStore,
  id: string,
  pretrained: PretrainedNetwork,
  { size, seed }: { readonly size: number; readonly seed: number },
): Promise<ModelPackage> {
  const { packages } = await store.list();
  const known = packages.find(({ manifest }) => manifest.id === id);
  if (known) return known;
  const random = normalSource(seed);
  const folder = await mkdtemp(join(tmpdir(), 'dermorbit-start-'));
  try {
    const classEmbeddings = join(folder, 'class-embeddings.safetensors');
    const data = Float32Array.from({ length: width * isicClasses.length }, () => random() / 50);
    const tensor = { dims: [width, isicClasses.length], dtype: 'float32', data } as const;
    await writeFile(classEmbeddings, writeSafetensors(new Map([['class_embeddings', tensor]])));
    const request = { id, checkpoint: pretrained.name, classEmbeddings, classes: [...isicClasses] };
    return await installBackbone(store, backboneOf(pretrained, size, random), request);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function backboneOf(
  { name, tower, mean, std }: PretrainedNetwork,
  size: number,
  random: () => number,
): ImportedBackbone {
  const cells = size / 32;
  const projected = projectedTower(tower, size, random);
  return {
    architecture: { backbone: 'mean-pool', name: `${name}, ${size} px`, parameters: weightsIn(projected) },
    input: { size, mean: [...mean], std: [...std], resize: 'shortest-crop' },
    features: { channels: width, size: cells },
    invariantPart: 0,
    embedding: width,
    head: { kind: 'mean-pool' },
    tower: () => projected,
    headGraph: () => meanHead(cells),
    text: null,
    logitScale: null,
    assumed: [],
  };
}

function projectedTower({ graph: source }: Model, size: number, random: () => number): Model {
  const [{ dims }] = source.outputs as [(typeof source.outputs)[number]];
  const channels = Number(dims[1]);
  const graph = new GraphBuilder('image-tower');
  const image = graph.input('image', 'float32', ['batch', 3, size, size]);
  const { features } = inlineGraph(graph, source, { image }, 'pretrained/');
  const values = Float32Array.from({ length: width * channels }, () => random() / Math.sqrt(channels));
  const kernel = graph.float32('projection.weight', values, [width, channels, 1, 1]);
  const bias = graph.float32('projection.bias', new Float32Array(width), [width]);
  const map = graph.op('Conv', [features!, kernel, bias], { kernel_shape: [1, 1] }, 'projection');
  graph.output('features', map, ['batch', width, size / 32, size / 32]);
  return graph.build();
}

function meanHead(cells: number): Model {
  const graph = new GraphBuilder('mean-head');
  const features = graph.input('features', 'float32', ['batch', width, cells, cells]);
  const mean = graph.op('ReduceMean', [features], { axes: [2, 3], keepdims: 0 }, 'mean');
  graph.output('embedding', mean, ['batch', width]);
  return graph.build();
}

function weightsIn({ graph }: Model): number {
  return [...graph.constants.values()]
    .filter(({ type, dims }) => type === 'float32' && dims.length > 0)
    .reduce((total, { dims }) => total + dims.reduce((product, dim) => product * dim, 1), 0);
}

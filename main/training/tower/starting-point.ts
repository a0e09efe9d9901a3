// What training of an image tower starts from: the network of a model package, or a CLIP ResNet with random weights.
import { expectedTensors, type VisualArchitecture } from '../../backbones/clip-resnet/architecture.ts';
import { packagedResNet } from '../../backbones/clip-resnet/import.ts';
import {
  randomClassEmbeddings,
  normalSource,
  randomClip,
  visualArchitecture,
} from '../../backbones/clip-resnet/random-weights.ts';
import { readSafetensors, writeSafetensors } from '../../backbones/checkpoints/safetensors.ts';
import type { Weights, WeightTensor } from '../../backbones/weights.ts';
import { parametersAsInputs } from '../../autodiff/parameters.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import type { Manifest } from '../../contract/manifest.ts';
import type { ScratchConfig } from '../../contract/training.ts';
import type { LoadedModel } from '../../engine/model.ts';
import { readPackageFile, type ModelPackage } from '../../engine/store/package.ts';
import type { ClassEmbeddings, LogitRule } from '../../equivariance/logits.ts';
import { decodeModel } from '../../onnx/codec.ts';
import type { Graph } from '../../onnx/graph.ts';
import { weightTensor } from '../graphs/weight-nets.ts';
import { clipResNet } from '../networks/clip-resnet.ts';
import { onnxNetwork, type NetworkFacts } from '../networks/onnx-network.ts';
import type { TrainableNetwork } from '../networks/trainable.ts';

export interface StartingPoint {
  readonly network: TrainableNetwork;
  readonly classEmbeddings: ClassEmbeddings;
  readonly logits: LogitRule;
}

/** Makes the first logits small, so that the first answers are near to even and the first gradients to bounded. */
const firstLogits = 0.02;

/** Random weights from two seeds that follow from one. */
export function randomStart(
  { layers, width, size, embedding }: ScratchConfig['architecture'],
  classes: number,
  seed: number,
): StartingPoint {
  const visual = visualArchitecture({ layers, width, resolution: size, embeddingWidth: embedding });
  const drawn = readSafetensors(writeSafetensors(randomClassEmbeddings(visual, classes, 2 * seed + 1)));
  const data = drawn
    .get('class_embeddings')!
    .float32()
    .map((value) => value * firstLogits);
  return {
    network: clipResNet({ visual, weights: readSafetensors(writeSafetensors(randomClip(visual, 2 * seed))) }),
    classEmbeddings: { data, width: embedding, classes },
    logits: { normalize: false, scale: 1 },
  };
}

/**
 * The network of a package.
 * @param model the same package, loaded: its graphs were found safe
 * @throws DermOrbitError TRAINING_UNSUPPORTED, MODEL_FILE_MISSING, MODEL_HASH_MISMATCH
 */
export async function packagedStart(opened: ModelPackage, model: LoadedModel): Promise<StartingPoint> {
  const { manifest } = opened;
  const { files, logits } = manifest;
  const tower = decodeModel(await readPackageFile(opened, files.imageTower));
  const head = decodeModel(await readPackageFile(opened, files.head));
  const visual = packagedResNet(manifest);
  const network = visual
    ? clipResNet({ visual, weights: resNetWeights(visual, tower.graph, head.graph) })
    : onnxNetwork(factsOf(manifest), tower, head);
  return { network, classEmbeddings: model.classEmbeddings, logits };
}

function factsOf({
  architecture,
  input,
  features,
  invariantPart,
  embedding,
  head,
  assumed = [],
  id,
  batch,
}: Manifest): NetworkFacts {
  if (!features || batch !== undefined) {
    throw new DermOrbitError(
      'TRAINING_UNSUPPORTED',
      features
        ? `${id} takes one picture at a time; training needs a free batch.`
        : `${id} has no feature map to combine; its weight network at embedding level can be trained.`,
    );
  }
  return { architecture, input, features, invariantPart, embedding, head, assumed };
}

/**
 * A starting point for other classes: the same network, and class embeddings to be learned from nothing.
 * @param classes K
 */
export function withFreshClasses({ network }: StartingPoint, classes: number, seed: number): StartingPoint {
  const random = normalSource(2 * seed + 1);
  const width = network.embedding;
  const data = Float32Array.from({ length: width * classes }, () => firstLogits * random());
  return { network, classEmbeddings: { data, width, classes }, logits: { normalize: false, scale: 1 } };
}

/**
 * Under the names of CLIP's checkpoints. The graphs of a package hold batch norm as a scale and a shift: they come back as
 * a batch norm with mean 0 and variance 1, which computes the same.
 */
function resNetWeights(visual: VisualArchitecture, tower: Graph, pool: Graph): Weights {
  const weights = new Map<string, WeightTensor>();
  for (const [name, dims] of expectedTensors(visual, null)) {
    const part = name.startsWith('visual.attnpool.') ? pool : tower;
    weights.set(name, weightTensor(dims, storedIn(part, name, dims)));
  }
  return weights;
}

/** Added to a variance before its root (PyTorch's default). */
const epsilon = 1e-5;

/** Parts of a batch norm that is folded into a scale and a shift. */
const normParts: readonly [RegExp, (graph: Graph, norm: string, size: number) => Float32Array][] = [
  [/\.running_mean$/, (_, __, size) => new Float32Array(size)],
  [/\.running_var$/, (_, __, size) => new Float32Array(size).fill(1 - epsilon)],
  [/(bn\d|downsample\.1)\.weight$/, (graph, norm) => stored(graph, `${norm}.scale`)],
  [/(bn\d|downsample\.1)\.bias$/, (graph, norm) => stored(graph, `${norm}.shift`)],
  // It drops out of the softmax (backbones/clip-resnet/attention-pool.ts), so graphs do not have it.
  [/k_proj\.bias$/, (_, __, size) => new Float32Array(size)],
];

function storedIn(graph: Graph, name: string, dims: readonly number[]): Float32Array {
  const size = dims.reduce((product, dim) => product * dim, 1);
  const part = normParts.find(([pattern]) => pattern.test(name));
  return part ? part[1](graph, name.slice(0, name.lastIndexOf('.')), size) : stored(graph, name);
}

function stored(graph: Graph, name: string): Float32Array {
  return parametersAsInputs(graph, [name]).stored.get(name)!.values;
}

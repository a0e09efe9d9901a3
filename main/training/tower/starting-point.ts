// What training of an image tower starts from: the weights of a model package, taken out of its graphs under the names of
// CLIP's checkpoints, or random ones.
import { expectedTensors, type VisualArchitecture } from '../../backbones/clip-resnet/architecture.ts';
import { packagedResNet } from '../../backbones/clip-resnet/import.ts';
import {
  randomClassEmbeddings,
  randomClip,
  visualArchitecture,
} from '../../backbones/clip-resnet/random-weights.ts';
import { readSafetensors, writeSafetensors } from '../../backbones/checkpoints/safetensors.ts';
import type { Weights, WeightTensor } from '../../backbones/weights.ts';
import { parametersAsInputs } from '../../autodiff/parameters.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import type { ScratchConfig } from '../../contract/training.ts';
import type { LoadedModel } from '../../engine/model.ts';
import { readPackageFile, type ModelPackage } from '../../engine/store/package.ts';
import type { ClassEmbeddings, LogitRule } from '../../equivariance/logits.ts';
import { decodeModel } from '../../onnx/codec.ts';
import type { Graph } from '../../onnx/graph.ts';
import { weightTensor } from '../graphs/weight-nets.ts';

export interface StartingPoint {
  readonly visual: VisualArchitecture;
  /** Image tower and attention pool, every tensor that {@link expectedTensors} names. */
  readonly weights: Weights;
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
    visual,
    weights: readSafetensors(writeSafetensors(randomClip(visual, 2 * seed))),
    classEmbeddings: { data, width: embedding, classes },
    logits: { normalize: false, scale: 1 },
  };
}

/**
 * The weights of a package. Its graphs hold batch norm as a scale and a shift: they come back as a batch norm with mean 0
 * and variance 1, which computes the same.
 * @param model the same package, loaded: its graphs were found safe
 * @throws DermOrbitError TRAINING_UNSUPPORTED (no CLIP ResNet), MODEL_FILE_MISSING, MODEL_HASH_MISMATCH
 */
export async function packagedStart(opened: ModelPackage, model: LoadedModel): Promise<StartingPoint> {
  const { manifest } = opened;
  const { files, logits } = manifest;
  const visual = packagedResNet(manifest);
  if (!visual) {
    throw new DermOrbitError(
      'TRAINING_UNSUPPORTED',
      `${manifest.id} is a ${manifest.architecture.name}; image towers are trained from scratch or from a CLIP ResNet.`,
    );
  }
  const tower = decodeModel(await readPackageFile(opened, files.imageTower)).graph;
  const pool = decodeModel(await readPackageFile(opened, files.head)).graph;
  const weights = new Map<string, WeightTensor>();
  for (const [name, dims] of expectedTensors(visual, null)) {
    const part = name.startsWith('visual.attnpool.') ? pool : tower;
    weights.set(name, weightTensor(dims, storedIn(part, name, dims)));
  }
  return { visual, weights, classEmbeddings: model.classEmbeddings, logits };
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

// The importer: a checkpoint becomes a model package. Everything is written to a temporary folder,
// opened once as it will be used, and only then given its name: an import that fails leaves nothing behind.
import { mkdir, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import type { ImportedBackbone } from '../../backbones/imported.ts';
import {
  buildAttentionNet,
  buildCanonicalNet,
  buildEmbeddingLambdaNet,
  buildLambdaNet,
} from '../../backbones/combiners.ts';
import { buildClassDistance, buildImageScorer } from '../../backbones/scorers.ts';
import {
  readSafetensors,
  writeSafetensors,
  type SafetensorsInput,
} from '../../backbones/checkpoints/safetensors.ts';
import type { ImportRequest, Progress } from '../../contract/engine.ts';
import { asDermOrbitError, DermOrbitError } from '../../contract/errors.ts';
import { manifestSchema, type Manifest } from '../../contract/manifest.ts';
import { isicClasses } from '../../contract/settings.ts';
import { encodeModel } from '../../onnx/codec.ts';
import { checkModel } from '../check-model.ts';
import { version } from '../version.ts';
import { makeClassEmbeddings, type MadeClassEmbeddings } from './class-embeddings.ts';
import { asInput } from './input-file.ts';
import { moveTo, PackageWriter } from './package-writer.ts';
import { openPackage, type ModelPackage } from './package.ts';
import { describeSkipped, readBackbone } from './read-backbone.ts';
import { readLimited, readModelSource } from './source-files.ts';
import type { ModelStore } from './store.ts';

/** What a person may say about a model, beside its numbers (`about`, a JSON file). */
const aboutSchema = manifestSchema
  .pick({ name: true, description: true, license: true, metrics: true })
  .partial();

export interface ImportOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * Imports a checkpoint into the store.
 * Class embeddings come from a file, or from prompts through the checkpoint's own text tower. The logit rule is
 * that of what made them, unless told otherwise: raw products (scale 1) for a file, CLIP's normalised embeddings
 * times exp(logit_scale) for prompts.
 * @throws DermOrbitError with the codes of checkpoints, class embeddings, combiners, prompts and models
 */
export async function importModel(
  store: ModelStore,
  request: ImportRequest,
  { signal, onProgress }: ImportOptions = {},
): Promise<ModelPackage> {
  // Before a large file is read: the name must be free, and the classes must be some.
  await store.reserve(request.id);
  if (request.classes) checkedClasses(request.classes);
  const step = stepper({ signal, onProgress });
  step('Reading the file', 0);
  const source = await readModelSource(request.checkpoint, request.config);
  step('Understanding the network', 0.2, describeSkipped(source));
  const backbone = await readBackbone(source, request);
  const { content, name, sha256 } = source;
  const origin = { file: name, format: 'graph' in content ? 'onnx' : content.checkpoint.format, sha256 };
  return installBackbone(store, backbone, { ...request, origin }, { signal, onProgress });
}

/** What is installed with a backbone. */
export interface InstallRequest extends Omit<ImportRequest, 'config' | 'activation'> {
  /** The checkpoint that the backbone was made from; absent where it came from training. */
  readonly origin?: Manifest['source'];
  /** Counts instead of what goes with how the class embeddings were made. */
  readonly embeddingLevel?: Manifest['logits']['embeddingLevel'];
}

/**
 * Writes a backbone as a package of the store, opened once as it will be used before it gets its name.
 * @param request `checkpoint` is only named
 * @throws DermOrbitError with the codes of class embeddings, combiners, prompts and models
 */
export async function installBackbone(
  store: ModelStore,
  backbone: ImportedBackbone,
  request: InstallRequest,
  { signal, onProgress }: ImportOptions = {},
): Promise<ModelPackage> {
  const { target, temporary } = await store.reserve(request.id);
  const classes = backbone.own ? [...backbone.own.classes] : checkedClasses(request.classes ?? isicClasses);
  const step = stepper({ signal, onProgress });
  try {
    step('Writing graphs', 0.35, backbone.found);
    await mkdir(temporary, { recursive: true });
    const files = new PackageWriter(temporary);
    await writeTowers(files, backbone);
    await writeCombiners(files, request, backbone, classes.length);
    step('Making class embeddings', 0.6);
    const embeddings = await makeClassEmbeddings(request, backbone, classes);
    const embeddingLevel = request.embeddingLevel ?? (embeddings.ownRule ? ('own' as const) : undefined);
    await files.write('classEmbeddings', encodeEmbeddings(embeddings, [backbone.embedding, classes.length]));
    if (request.card) await files.write('card', await readLimited(request.card, 'OPTION_INVALID'));
    const manifest = requireManifest({
      ...describe(request, backbone),
      ...(await readAbout(request.about)),
      classes,
      logits: {
        normalize: request.normalize ?? embeddings.normalize,
        scale: request.scale ?? embeddings.scale,
        ...(embeddingLevel === undefined ? {} : { embeddingLevel }),
      },
      files: files.written,
      ...(request.origin ? { source: request.origin } : {}),
    });
    await files.writeManifest(manifest);
    step('Trying the model', 0.8);
    await checkModel(await openPackage(temporary));
    step('Installing', 0.95);
    await moveTo(target, temporary);
    // No step: what has its name is installed, whether or not somebody has changed their mind by now.
    onProgress?.({ stage: 'Done', fraction: 1 });
    return await openPackage(target);
  } catch (error) {
    // What cannot be removed now is swept away by a later import; it must not hide why this one failed.
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw asDermOrbitError(error, isSystemError(error) ? 'WRITE_FAILED' : 'INTERNAL');
  }
}

/** Says what is done next, unless the import was cancelled meanwhile. */
function stepper({ signal, onProgress }: ImportOptions) {
  const requireGoing = () => {
    if (signal?.aborted) throw new DermOrbitError('CANCELLED', 'The import was cancelled.');
  };
  return (stage: string, fraction: number, note?: string) => {
    requireGoing();
    onProgress?.({ stage, fraction, ...(note === undefined ? {} : { note }) });
    requireGoing();
  };
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

/** Fields of a manifest that a person decides; what is wrong with any other is the checkpoint's fault. */
const chosenFields = new Set<PropertyKey | undefined>([
  'name',
  'description',
  'license',
  'metrics',
  'logits',
]);

function requireManifest(value: unknown): Manifest {
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new DermOrbitError(
    chosenFields.has(issue?.path[0]) ? 'OPTION_INVALID' : 'CHECKPOINT_SHAPE',
    `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not what a model has'}.`,
  );
}

/**
 * Class codes as a model can have them.
 * @throws DermOrbitError CLASSES_INVALID
 */
export function checkedClasses(classes: readonly string[]): string[] {
  const codes = classes.map((code) => code.trim());
  if (codes.length < 2) {
    const message = `A model tells two classes apart at least; here is ${codes.length === 1 ? `only ${codes[0]!}` : 'none'}.`;
    throw new DermOrbitError('CLASSES_INVALID', message);
  }
  const parsed = manifestSchema.shape.classes.safeParse(codes);
  if (!parsed.success)
    throw new DermOrbitError('CLASSES_INVALID', parsed.error.issues[0]?.message ?? codes.join(','));
  return parsed.data;
}

async function readAbout(path: string | undefined): Promise<z.infer<typeof aboutSchema>> {
  if (path === undefined) return {};
  const text = new TextDecoder().decode(await readLimited(path, 'OPTION_INVALID'));
  try {
    return aboutSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new DermOrbitError('OPTION_INVALID', `${path} is not a description of a model.`, { cause: error });
  }
}

function describe(request: InstallRequest, backbone: ImportedBackbone) {
  const { architecture, input, features, batch, invariantPart, embedding, head, assumed } = backbone;
  return {
    schema: 2 as const,
    id: request.id,
    name: request.name ?? request.id,
    description: `Imported from ${basename(request.checkpoint)}${backbone.text || backbone.own ? '' : ' (image tower only)'}.`,
    license: 'unknown: see where the checkpoint came from',
    madeWith: version,
    ...{ architecture, input, features, invariantPart, embedding, head },
    ...(batch === undefined ? {} : { batch }),
    ...(assumed.length > 0 ? { assumed: [...assumed] } : {}),
  };
}

async function writeTowers(files: PackageWriter, backbone: ImportedBackbone): Promise<void> {
  // One after the other: each graph is as large as the checkpoint's part of it.
  await files.write('imageTower', encodeModel(backbone.tower()));
  await files.write('head', encodeModel(backbone.headGraph()));
  if (backbone.text) await files.write('textTower', encodeModel(backbone.text.model()));
}

async function writeCombiners(
  files: PackageWriter,
  request: InstallRequest,
  { features, embedding }: ImportedBackbone,
  classes: number,
): Promise<void> {
  if (!request.combiners) return;
  const weights = asInput(
    'COMBINERS_INVALID',
    request.combiners,
    await readLimited(request.combiners, 'COMBINERS_INVALID'),
    readSafetensors,
  );
  // A choice is all or nothing: what decides it is not rounded to half precision.
  const unrounded = new Map([...weights].map(([name, tensor]) => [name, { ...tensor, unrounded: true }]));
  /** Prefix of the tensors, role in the package, graph. Of two for one role the first counts. */
  const builders = [
    ['lambda', 'lambda', () => buildLambdaNet(weights, requireMap(features))],
    ['attention', 'attention', () => buildAttentionNet(weights, requireMap(features))],
    ['lambda_embedding', 'lambdaEmbedding', () => buildEmbeddingLambdaNet(weights, embedding)],
    ['canonical', 'canonical', () => buildCanonicalNet(unrounded, requireMap(features))],
    ['canonical_image', 'canonicalImage', () => buildImageScorer(unrounded, 'canonical_image')],
    ['canonical_image_vector', 'canonicalImage', () => buildImageScorer(unrounded, 'canonical_image_vector')],
    ['feature_distance', 'distance', () => buildClassDistance(unrounded, embedding, classes)],
  ] as const;
  requireFiniteCombiners(weights);
  const present = builders.filter(([prefix]) =>
    [...weights.keys()].some((name) => name.startsWith(`${prefix}.`)),
  );
  if (present.length === 0) {
    const known = builders.map(([prefix]) => `${prefix}.*`).join(', ');
    throw new DermOrbitError('COMBINERS_INVALID', `It holds none of ${known}.`);
  }
  for (const [, role, build] of present) {
    if (files.written[role] === undefined) await files.write(role, encodeModel(build()));
  }
}

function requireMap(features: Manifest['features']): NonNullable<Manifest['features']> {
  if (features) return features;
  throw new DermOrbitError(
    'COMBINERS_INVALID',
    'lambda.*, attention.* and canonical.* look at a feature map, and this model has none.',
  );
}

function requireFiniteCombiners(weights: ReturnType<typeof readSafetensors>): void {
  for (const [name, tensor] of weights) {
    if (!tensor.float32().every(Number.isFinite)) {
      throw new DermOrbitError('COMBINERS_INVALID', `${name} holds numbers that are not finite.`);
    }
  }
}

function encodeEmbeddings({ data, bias }: MadeClassEmbeddings, dims: readonly number[]): Uint8Array {
  const dtype = 'float32' as const;
  const tensors = new Map<string, SafetensorsInput>([['class_embeddings', { dims, dtype, data }]]);
  if (bias) tensors.set('class_bias', { dims: [bias.length], dtype, data: bias });
  return writeSafetensors(tensors);
}

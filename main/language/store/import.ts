// The importer: the files of a GPT-2 become a model package. Everything is written to a temporary folder, opened once as
// it will be used, and only then given its name: an import that fails leaves nothing behind.
import { mkdir, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { asDermOrbitError, DermOrbitError } from '../../contract/errors.ts';
import { languageManifestSchema, type LanguageManifest } from '../../contract/language.ts';
import type { PackageFile } from '../../contract/manifest.ts';
import { writeDurably } from '../../base/durable-files.ts';
import { encodeModel } from '../../onnx/codec.ts';
import { asInput } from '../../engine/store/input-file.ts';
import { moveTo } from '../../engine/store/package-writer.ts';
import { manifestName, sha256Of } from '../../engine/store/package.ts';
import { readLimited } from '../../engine/store/source-files.ts';
import { version } from '../../engine/version.ts';
import { readGpt2Config } from '../gpt2/config.ts';
import { gpt2Graph, layerRanges } from '../gpt2/graph.ts';
import { gpt2Weights } from '../gpt2/tensors.ts';
import { readLambdaNet } from '../lambda/net.ts';
import { openTokenizer } from '../text/tokenizer.ts';
import { openLanguageModel } from './open.ts';
import { readLanguageSource } from './source.ts';
import { languageFolder, languagePlaces, openLanguagePackage, type LanguagePackage } from './store.ts';

/** Bytes of weights in one file: an ONNX file ends at 2 GB, and while it is written it is there several times. */
const largestPart = 2 ** 30;

export interface LanguageImport {
  /** A folder as Hugging Face lays it out, or the file of the weights in it. */
  readonly source: string;
  readonly id: string;
  readonly name?: string | undefined;
  /** A lambda net to take along, instead of the one beside the weights. */
  readonly lambda?: string | undefined;
  readonly folder?: string | undefined;
  readonly largestPart?: number | undefined;
  readonly onProgress?: ((fraction: number, stage: string) => void) | undefined;
}

/**
 * Imports a model.
 * @throws DermOrbitError MODEL_ID_INVALID, MODEL_EXISTS, LANGUAGE_TOKENIZER_SIZE, and as the readers of configuration,
 *   weights, tokenizer and lambda net
 */
export async function importLanguageModel(request: LanguageImport): Promise<LanguagePackage> {
  const { onProgress } = request;
  const places = languagePlaces(request.folder ?? languageFolder());
  const { target, temporary } = await places.reserve(request.id);
  onProgress?.(0.05, 'reading');
  const source = await readLanguageSource(request.source);
  const { checkpoint, name: file, sha256 } = source.weights;
  const { weights, architecture, assumed } = gpt2Weights(checkpoint.tensors, readGpt2Config(source.config));
  const tokenizer = openTokenizer(source.tokenizer);
  if (tokenizer.size !== architecture.vocabulary) {
    throw new DermOrbitError(
      'LANGUAGE_TOKENIZER_SIZE',
      `The tokenizer has ${tokenizer.size} tokens, wte ${architecture.vocabulary} rows.`,
    );
  }
  const lambda = await readLambda(request.lambda ?? source.lambda, architecture.width);
  try {
    await mkdir(temporary, { recursive: true });
    const write = async (path: string, bytes: Uint8Array): Promise<PackageFile> => {
      await writeDurably(join(temporary, path), bytes);
      return { path, sha256: sha256Of(bytes), bytes: bytes.length };
    };
    const ranges = layerRanges(weights, architecture, request.largestPart ?? largestPart);
    const parts: LanguageManifest['files']['parts'] = [];
    for (const range of ranges) {
      onProgress?.(0.2 + (0.6 * range.from) / architecture.layers, 'writing graphs');
      const bytes = encodeModel(gpt2Graph(weights, architecture, range));
      const path = `layers-${range.from}-${range.to - 1}.onnx`;
      parts.push({ ...range, file: await write(path, bytes) });
    }
    const description = new TextEncoder().encode(JSON.stringify(source.tokenizer));
    const manifest: LanguageManifest = languageManifestSchema.parse({
      schema: 1,
      kind: 'language',
      id: request.id,
      name: request.name ?? basename(resolve(request.source)),
      created: new Date().toISOString(),
      madeWith: version,
      architecture,
      endToken: tokenizer.endToken,
      assumed: [...source.notes, ...assumed],
      files: {
        parts,
        tokenizer: await write('tokenizer.json', description),
        ...(lambda ? { lambda: await write('lambda-net.safetensors', lambda) } : {}),
      },
      source: { file, format: checkpoint.format, sha256 },
    } satisfies LanguageManifest);
    const json = `${JSON.stringify(manifest, null, 2)}\n`;
    await writeDurably(join(temporary, manifestName), new TextEncoder().encode(json));
    onProgress?.(0.85, 'trying');
    const opened = await openLanguageModel(await openLanguagePackage(temporary), 'cpu');
    await opened.close();
    await moveTo(target, temporary);
  } catch (error) {
    throw asDermOrbitError(error, 'WRITE_FAILED');
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return openLanguagePackage(target);
}

async function readLambda(path: string | null, width: number): Promise<Uint8Array | null> {
  if (path === null) return null;
  const bytes = await readLimited(path, 'LANGUAGE_LAMBDA');
  asInput('LANGUAGE_LAMBDA', path, bytes, (read) => readLambdaNet(read, width, basename(path)));
  return bytes;
}

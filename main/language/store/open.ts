// Opening a package: every file verified, every graph found safe as data, loaded on a provider, and tried once.
import { basename } from 'node:path';
import { DermOrbitError } from '../../contract/errors.ts';
import type { LanguageArchitecture } from '../../contract/language.ts';
import type { ProviderChoice } from '../../contract/settings.ts';
import { requireBounded, UnknownOperatorError, type InputSizes } from '../../onnx/bounds.ts';
import { decodeModel, OnnxModelError } from '../../onnx/codec.ts';
import { openSession } from '../../engine/runtime.ts';
import { onFirstUsable } from '../../engine/providers.ts';
import { readPackageFile } from '../../engine/store/package.ts';
import { readLimited } from '../../engine/store/source-files.ts';
import { cacheNames, type LayerRange } from '../gpt2/graph.ts';
import { readLambdaNet } from '../lambda/net.ts';
import { readSequences, type LoadedLanguageModel, type LoadedPart } from '../model.ts';
import { openTokenizer } from '../text/tokenizer.ts';
import type { LanguagePackage } from './store.ts';

export interface OpenedLanguageModel extends LoadedLanguageModel {
  close(): Promise<void>;
}

/**
 * Opens a model.
 * @param lambda a file of a lambda net to use instead of the package's own
 * @throws DermOrbitError MODEL_FILE_MISSING, MODEL_HASH_MISMATCH, MODEL_UNSAFE, LANGUAGE_TOKENIZER, LANGUAGE_LAMBDA,
 *   PROVIDER_UNAVAILABLE, INFERENCE_FAILED, OUT_OF_MEMORY
 */
export async function openLanguageModel(
  opened: LanguagePackage,
  choice: ProviderChoice,
  lambda?: string,
): Promise<OpenedLanguageModel> {
  const { manifest, sha256 } = opened;
  const { architecture, files } = manifest;
  const text = new TextDecoder().decode(await readPackageFile(opened, files.tokenizer));
  const tokenizer = openTokenizer(JSON.parse(text));
  if (tokenizer.size !== architecture.vocabulary) {
    const message = `The tokenizer has ${tokenizer.size} tokens, wte ${architecture.vocabulary} rows.`;
    throw new DermOrbitError('LANGUAGE_TOKENIZER_SIZE', message);
  }
  const net =
    lambda !== undefined
      ? readLambdaNet(await readLimited(lambda, 'LANGUAGE_LAMBDA'), architecture.width, basename(lambda))
      : files.lambda
        ? readLambdaNet(await readPackageFile(opened, files.lambda), architecture.width, files.lambda.path)
        : null;
  const rest = { manifest, sha256, tokenizer, lambda: net };
  const { value: parts, provider } = await onFirstUsable(choice, async (candidate) => {
    const loaded: LoadedPart[] = [];
    try {
      for (const { from, to, file } of files.parts) {
        // One at a time: the bytes of a part are let go of when it is loaded.
        const bytes = await readPackageFile(opened, file);
        requireSafe(bytes, architecture, { from, to }, file.path);
        loaded.push({ range: { from, to }, session: await openSession(bytes, candidate) });
      }
      const trial = { ...rest, provider: candidate, parts: loaded };
      await readSequences(trial, [[0]], null, 0, (_, { logits }) => {
        if (logits[0]!.some((value) => !Number.isFinite(value)))
          throw new Error('its logits are not numbers');
      });
    } catch (error) {
      for (const { session } of loaded) await session.release();
      throw error;
    }
    return loaded;
  });
  return {
    ...rest,
    provider,
    parts,
    close: async () => {
      for (const { session } of parts) await session.release();
    },
  };
}

/** What a graph is tried with as data: more elements than groups have, a text of some length. */
const tried = { batch: 8, length: 16, past: 16 } as const;

/** Only what the product itself writes is run, and nothing that takes more memory or time than such networks do. */
function requireSafe(bytes: Uint8Array, shape: LanguageArchitecture, range: LayerRange, name: string): void {
  const { batch, length, past } = tried;
  const { heads, width, layers } = shape;
  const sizes: Record<string, readonly number[]> = { mask: [length, length + past] };
  if (range.from === 0) Object.assign(sizes, { ids: [batch, length], positions: [length] });
  else sizes.states = [batch, length, width];
  if (range.to === layers) sizes.rows = [length];
  for (let layer = range.from; layer < range.to; layer++) {
    for (const cache of cacheNames(layer).past) sizes[cache] = [batch, heads, past, width / heads];
  }
  try {
    requireBounded(decodeModel(bytes), sizes satisfies InputSizes);
  } catch (error) {
    if (error instanceof OnnxModelError || error instanceof UnknownOperatorError) {
      throw new DermOrbitError('MODEL_UNSAFE', `${name}: ${error.message}.`, { cause: error });
    }
    throw error;
  }
}

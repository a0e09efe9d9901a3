// Class embeddings for an import: from a file, or zero-shot from prompts through the checkpoint's text tower.
import { readFile } from 'node:fs/promises';
import type { ImportedBackbone } from '../../backbones/imported.ts';
import { readClassEmbeddings } from '../../backbones/text/class-embeddings.ts';
import { expandPrompts, parsePrompts, referencePrompts } from '../../backbones/text/prompts.ts';
import { END_TOKEN, tokenize } from '../../backbones/text/tokenizer.ts';
import type { ImportRequest } from '../../contract/engine.ts';
import type { ErrorCode } from '../../contract/error-texts/table.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import { norm, rowsOf } from '../../equivariance/logits.ts';
import { encodeModel } from '../../onnx/codec.ts';
import { openSession } from '../runtime.ts';
import { asInput } from './input-file.ts';

/** T [E, K] and the logit rule that goes with how it was made. */
export interface MadeClassEmbeddings {
  readonly data: Float32Array;
  readonly normalize: boolean;
  readonly scale: number;
  readonly bias?: Float32Array | undefined;
  /** A classifier's own logits: they are what counts at embedding level too. */
  readonly ownRule?: boolean;
}

/** Prompts per run of the text tower: bounds memory, keeps progress moving. */
const promptsPerRun = 16;

/**
 * @throws DermOrbitError CLASS_EMBEDDINGS_INVALID, CLASS_EMBEDDINGS_NEEDED (neither file nor text tower),
 *   PROMPTS_INVALID
 */
export async function makeClassEmbeddings(
  request: Pick<ImportRequest, 'classEmbeddings' | 'prompts'>,
  { embedding, text, logitScale, own }: Pick<ImportedBackbone, 'embedding' | 'text' | 'logitScale' | 'own'>,
  classes: readonly string[],
): Promise<MadeClassEmbeddings> {
  if (request.classEmbeddings !== undefined && request.prompts !== undefined) {
    throw new DermOrbitError('OPTION_INVALID', 'Give class embeddings or prompts, not both.');
  }
  if (request.classEmbeddings !== undefined) {
    const bytes = await readOrThrow(request.classEmbeddings, 'CLASS_EMBEDDINGS_INVALID');
    const { data, bias } = asInput('CLASS_EMBEDDINGS_INVALID', request.classEmbeddings, bytes, (file) =>
      readClassEmbeddings(file, embedding, classes.length),
    );
    return { data, bias, normalize: false, scale: 1 };
  }
  if (own) return { data: own.data, bias: own.bias, normalize: false, scale: 1, ownRule: true };
  if (!text) {
    throw new DermOrbitError(
      'CLASS_EMBEDDINGS_NEEDED',
      'The checkpoint has no text tower to make them from prompts.',
    );
  }
  const prompts =
    request.prompts === undefined
      ? referencePrompts
      : parsePrompts(new TextDecoder().decode(await readOrThrow(request.prompts, 'PROMPTS_INVALID')));
  const textsByClass = expandPrompts(prompts, classes);
  if (text.vocabularySize <= END_TOKEN) {
    throw new DermOrbitError(
      'CLASS_EMBEDDINGS_NEEDED',
      `Its text tower knows ${text.vocabularySize} tokens and not CLIP's ${END_TOKEN + 1}: it cannot read prompts.`,
    );
  }
  const session = await openSession(encodeModel(text.model()), 'cpu');
  try {
    const perClass: Float32Array[] = [];
    for (const texts of textsByClass) {
      const embedded: Float32Array[] = [];
      for (let start = 0; start < texts.length; start += promptsPerRun) {
        const part = texts.slice(start, start + promptsPerRun);
        const tokens = BigInt64Array.from(tokenize(part, text.contextLength), BigInt);
        const outputs = await session.run({
          tokens: { data: tokens, dims: [part.length, text.contextLength] },
        });
        embedded.push(...rowsOf(outputs.text_embedding!.data, embedding));
      }
      perClass.push(ensemble(embedded));
    }
    return { data: asColumns(perClass), normalize: true, scale: logitScale ?? 1 };
  } finally {
    await session.release();
  }
}

/** Embed each prompt, normalise, average over the templates, normalise (METHODS.md). */
function ensemble(embeddings: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(embeddings[0]!.length);
  for (const embedding of embeddings) {
    const length = norm(embedding);
    for (let i = 0; i < mean.length; i++) mean[i]! += embedding[i]! / length / embeddings.length;
  }
  const length = norm(mean);
  return mean.map((value) => value / length);
}

/** K rows [E] -> [E, K]. */
function asColumns(rows: readonly Float32Array[]): Float32Array {
  const width = rows[0]!.length;
  const columns = new Float32Array(width * rows.length);
  for (const [k, row] of rows.entries()) {
    for (let e = 0; e < width; e++) columns[e * rows.length + k] = row[e]!;
  }
  return columns;
}

async function readOrThrow(path: string, code: ErrorCode): Promise<Uint8Array> {
  return readFile(path).catch((error: unknown) => {
    throw new DermOrbitError(code, error instanceof Error ? error.message : String(error), { cause: error });
  });
}

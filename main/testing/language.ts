// Language models for tests: folders as Hugging Face lays them out, with a tokenizer of a few words. Test use only.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSafetensors, type SafetensorsInput } from '../backbones/checkpoints/safetensors.ts';
import { byteCharacters } from '../backbones/text/byte-level.ts';
import {
  openTokenizer,
  describeTokenizer,
  type TextTokenizer,
  type TokenizerDescription,
} from '../language/text/tokenizer.ts';
import { gpt2Config, randomGpt2, type Gpt2Size } from '../language/gpt2/random-weights.ts';
import { goldenPath } from './shared.ts';

/** The tiny GPT-2 of the repository, its weights in half precision. */
export const goldenLanguage = (name: string) => join(goldenPath('language'), name);

/** Words that the small tokenizer knows, beside the bytes. */
export const smallWords = [
  'Ġman',
  'Ġwoman',
  'Ġhe',
  'Ġshe',
  'Ġthey',
  'Ġblack',
  'Ġwhite',
  'Ġasian',
  'Ġworked',
  'The',
];

/** A tokenizer of bytes, a few words, and the merges that make them. */
export function smallTokenizer(words: readonly string[] = smallWords): TokenizerDescription {
  const tokens = new Set(byteCharacters.values());
  const merges = new Set<string>();
  for (const word of words) {
    for (let end = 2; end <= word.length; end++) {
      merges.add(`${word.slice(0, end - 1)} ${word[end - 1]!}`);
      tokens.add(word.slice(0, end));
    }
  }
  tokens.add('<|endoftext|>');
  const vocab = Object.fromEntries([...tokens].map((token, id) => [token, id]));
  return describeTokenizer(vocab, [...merges].join('\n'));
}

/** A size that runs in milliseconds and goes with the small tokenizer. */
export function smallSize(tokenizer: TextTokenizer = openTokenizer(smallTokenizer())): Gpt2Size {
  return { layers: 2, width: 16, heads: 2, positions: 24, vocabulary: tokenizer.size };
}

export interface LanguageFolder {
  readonly size?: Gpt2Size;
  readonly tensors?: ReadonlyMap<string, SafetensorsInput>;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly tokenizer?: TokenizerDescription;
}

/** Writes model.safetensors, config.json and tokenizer.json; returns the folder. */
export function writeLanguageFolder(folder: string, parts: LanguageFolder = {}): string {
  const { size = smallSize(), tokenizer = smallTokenizer() } = parts;
  const { tensors = randomGpt2(size, 5, 0.3), config = {} } = parts;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'model.safetensors'), writeSafetensors(tensors));
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...gpt2Config(size), ...config }));
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  return folder;
}

/** The tokenizer of the repository's tiny GPT-2. */
export function goldenTokenizer(): TextTokenizer {
  return openTokenizer(JSON.parse(readFileSync(goldenLanguage('tokenizer.json'), 'utf8')));
}

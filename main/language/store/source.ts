// The files of a GPT-2 on disk: weights in one file or in shards, config.json and the tokenizer beside them, as Hugging
// Face lays them out. Nothing outside the folder is read, and no pickle is executed.
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import {
  readSource,
  readJsonFile,
  readLimited,
  weightNames,
  type SourceFiles,
} from '../../engine/store/source-files.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import { isGpt2 } from '../gpt2/tensors.ts';
import { describeTokenizer } from '../text/tokenizer.ts';

export interface LanguageSource {
  readonly weights: SourceFiles;
  /** Content of config.json; null if there is none. */
  readonly config: unknown;
  /** Content of a tokenizer.json. */
  readonly tokenizer: unknown;
  /** A lambda net that lies beside the weights. */
  readonly lambda: string | null;
  /** What a person should know of how the files were chosen. */
  readonly notes: readonly string[];
}

/** How a lambda net is named that lies beside a model. */
const lambdaName = 'lambda-net.safetensors';
const weightExtensions = new Set(['.safetensors', '.pt', '.pth', '.bin']);
/** A folder with more files of weights than this is no folder of one model. */
const mostCandidates = 16;

/**
 * Reads a model's files.
 * @param path its folder, or the file of its weights
 * @throws DermOrbitError CHECKPOINT_NOT_FOUND, LANGUAGE_WEIGHTS_AMBIGUOUS, LANGUAGE_TOKENIZER, and as readSource
 */
export async function readLanguageSource(path: string): Promise<LanguageSource> {
  const found = await stat(path).catch(() => null);
  const isFolder = found?.isDirectory() ?? false;
  const folder = isFolder ? path : dirname(path);
  const notes: string[] = [];
  const usual = !isFolder || (await firstExisting(folder, weightNames)) !== null;
  const weights = usual ? await readSource(path, undefined) : await onlyWeights(folder, notes);
  const lambda = join(folder, lambdaName);
  const hasLambda = (await stat(lambda).catch(() => null)) !== null;
  const config = join(folder, 'config.json');
  const hasConfig = (await stat(config).catch(() => null)) !== null;
  return {
    weights,
    config: hasConfig ? await readJsonFile(config, 'LANGUAGE_CONFIG', largestConfig) : null,
    tokenizer: await readTokenizer(folder),
    lambda: hasLambda ? lambda : null,
    notes,
  };
}

async function firstExisting(folder: string, names: readonly string[]): Promise<string | null> {
  for (const name of names) if (await stat(join(folder, name)).catch(() => null)) return name;
  return null;
}

/** In a folder without weights of a usual name: the file that holds a GPT-2. Several must hold the same numbers. */
async function onlyWeights(folder: string, notes: string[]): Promise<SourceFiles> {
  const names = (await readdir(folder).catch(() => []))
    .filter((name) => weightExtensions.has(extname(name)))
    .sort(
      (a, b) =>
        Number(extname(b) === '.safetensors') - Number(extname(a) === '.safetensors') || (a < b ? -1 : 1),
    );
  const models: SourceFiles[] = [];
  for (const name of names.slice(0, mostCandidates)) {
    const read = await readSource(join(folder, name), undefined).catch(() => null);
    if (read && isGpt2(read.checkpoint.tensors)) models.push(read);
  }
  const [first, ...others] = models;
  if (!first) {
    const message = `${folder} holds no weights of a GPT-2: looked for ${weightNames.join(', ')} and for other checkpoints.`;
    throw new DermOrbitError('CHECKPOINT_NOT_FOUND', message);
  }
  if (others.length > 0) {
    const shown = models.map(({ name }) => name).join(', ');
    if (!others.every((other) => sameWeights(first, other))) {
      throw new DermOrbitError(
        'LANGUAGE_WEIGHTS_AMBIGUOUS',
        `${basename(folder)} holds several models: ${shown}.`,
      );
    }
    notes.push(`${shown} hold the same weights; ${first.name} was read.`);
  }
  return first;
}

/** Whether every tensor of the smaller one is in the other, whatever prefix the names have. */
function sameWeights(a: SourceFiles, b: SourceFiles): boolean {
  const bare = ({ checkpoint }: SourceFiles) =>
    new Map(
      [...checkpoint.tensors].map(([name, tensor]) => [
        name.replace(/^.*?(?=(wte|wpe|h\.\d+|ln_f)\.)/, ''),
        tensor,
      ]),
    );
  const [left, right] = [bare(a), bare(b)];
  for (const [name, tensor] of left) {
    if (!/^(wte|wpe|h\.\d+\.(ln_|mlp|attn\.c_)|ln_f)/.test(name)) continue;
    const other = right.get(name);
    if (!other) return false;
    const [x, y] = [tensor.float32(), other.float32()];
    if (x.length !== y.length || x.some((value, i) => !Object.is(value, y[i]))) return false;
  }
  return true;
}

async function readTokenizer(folder: string): Promise<unknown> {
  const whole = join(folder, 'tokenizer.json');
  if (await stat(whole).catch(() => null)) return readJsonFile(whole, 'LANGUAGE_TOKENIZER', largestTokenizer);
  const [vocab, merges] = [join(folder, 'vocab.json'), join(folder, 'merges.txt')];
  for (const file of [vocab, merges]) {
    if (!(await stat(file).catch(() => null))) {
      const message = `${folder} holds neither tokenizer.json nor both of vocab.json and merges.txt.`;
      throw new DermOrbitError('LANGUAGE_TOKENIZER', message);
    }
  }
  const table = await readJsonFile(vocab, 'LANGUAGE_TOKENIZER', largestTokenizer);
  const lines = new TextDecoder().decode(await readLimited(merges, 'LANGUAGE_TOKENIZER'));
  return describeTokenizer(table, lines);
}

const largestConfig = 2 ** 22;
/** GPT-2's tokenizer.json has 1.4 MB. */
const largestTokenizer = 64 * 2 ** 20;

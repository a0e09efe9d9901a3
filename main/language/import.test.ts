// Importing a GPT-2: whatever the precision, the names and the number of files, it is the same network; what is none, or
// a damaged one, is refused by name and leaves nothing behind.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSafetensors, type SafetensorsInput } from '../backbones/checkpoints/safetensors.ts';
import { float32ToFloat16 } from '../onnx/float16.ts';
import { stateDictFile } from '../testing/checkpoint-files.ts';
import { largestDifference, relativeDistance } from '../testing/distance.ts';
import { referenceLogits } from '../testing/gpt2-reference.ts';
import { smallSize, smallTokenizer, writeLanguageFolder, type LanguageFolder } from '../testing/language.ts';
import { randomGpt2 } from './gpt2/random-weights.ts';

import { readSequences, type Cache, type LoadedLanguageModel } from './model.ts';
import { importLanguageModel, type LanguageImport } from './store/import.ts';
import { openLanguageModel } from './store/open.ts';

let work: string;
let folders = 0;
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'dermorbit-language-'));
});
afterAll(() => {
  rmSync(work, { recursive: true, force: true });
});

const newFolder = () => join(work, `model-${folders++}`);
const tensors = randomGpt2(smallSize(), 5, 0.3);
const ids = [3, 250, 17, 99, 4, 261, 8, 8, 120];

const importFrom = (source: string, more: Partial<LanguageImport> = {}) =>
  importLanguageModel({ source, id: `m${folders++}`, folder: join(work, 'store'), ...more });

/** Logits [L][V] behind every position. */
async function logitsOf(
  model: LoadedLanguageModel,
  sequence = ids,
  before: Cache | null = null,
): Promise<number[]> {
  const all: number[] = [];
  await readSequences(model, [sequence], before, 0, (_, { logits }) => all.push(...logits[0]!));
  return all;
}

async function imported(parts: LanguageFolder, more: Partial<LanguageImport> = {}): Promise<number[]> {
  return logitsFrom(writeLanguageFolder(newFolder(), parts), more);
}

async function logitsFrom(source: string, more: Partial<LanguageImport> = {}): Promise<number[]> {
  const model = await openLanguageModel(await importFrom(source, more), 'cpu');
  try {
    return await logitsOf(model);
  } finally {
    await model.close();
  }
}

const renamed = (change: (name: string) => string) =>
  new Map([...tensors].map(([name, tensor]) => [change(name), tensor]));
const replaced = (name: string, tensor: SafetensorsInput | null) => {
  const changed = new Map(tensors);
  if (tensor) changed.set(name, tensor);
  else changed.delete(name);
  return changed;
};

describe('the network', () => {
  const wanted = referenceLogits(tensors, smallSize(), ids);

  it('computes what the definition says, written out in double precision', async () => {
    expect(largestDifference(await imported({}), wanted)).toBeLessThan(1e-4);
  });

  it.each<[string, LanguageFolder]>([
    [
      'names without a prefix, and the buffers of old checkpoints',
      {
        tensors: new Map([
          ...renamed((name) => name.replace('transformer.', '')),
          ['h.0.attn.bias', { dims: [1, 1, 2, 2], dtype: 'float32', data: Float32Array.of(1, 0, 1, 1) }],
          ['h.0.attn.masked_bias', { dims: [], dtype: 'float32', data: Float32Array.of(-1e4) }],
        ]),
      },
    ],
    ["a wrapper's prefix", { tensors: renamed((name) => `module.${name}`) }],
    [
      'a head that repeats the table',
      { tensors: replaced('lm_head.weight', tensors.get('transformer.wte.weight')!) },
    ],
    [
      'an untied head that is the table',
      {
        tensors: replaced('lm_head.weight', tensors.get('transformer.wte.weight')!),
        config: { tie_word_embeddings: false },
      },
    ],
    [
      'double precision',
      {
        tensors: new Map(
          [...tensors].map(([name, { dims, data }]) => [
            name,
            { dims, dtype: 'float64', data: Float64Array.from(data as Float32Array) },
          ]),
        ),
      },
    ],
  ])('is the same with %s', async (_, parts) => {
    expect(largestDifference(await imported(parts), wanted)).toBeLessThan(1e-4);
  });

  it.each<[string, (values: Float32Array) => Omit<SafetensorsInput, 'dims'>, number]>([
    ['float16', (values) => ({ dtype: 'float16', data: float32ToFloat16(values) }), 2e-3],
    [
      'bfloat16',
      (values) => ({
        dtype: 'bfloat16',
        data: Uint16Array.from(new Uint32Array(values.slice().buffer), (bits) => bits >>> 16),
      }),
      3e-2,
    ],
  ])('is nearly the same in %s', async (_, convert, tolerance) => {
    const converted = new Map(
      [...tensors].map(([name, { dims, data }]) => [name, { dims, ...convert(data as Float32Array) }]),
    );
    expect(relativeDistance(await imported({ tensors: converted }), wanted)).toBeLessThan(tolerance);
  });

  it('takes a head of its own where the configuration does not tie it', async () => {
    const { dims, data } = tensors.get('transformer.wte.weight')!;
    const doubled = {
      dims,
      dtype: 'float32' as const,
      data: (data as Float32Array).map((value) => 2 * value),
    };
    const logits = await imported({
      tensors: replaced('lm_head.weight', doubled),
      config: { tie_word_embeddings: false },
    });
    expect(
      largestDifference(
        logits,
        wanted.map((value) => 2 * value),
      ),
    ).toBeLessThan(2e-4);
  });

  it('says so where a tied model brings another head', async () => {
    const { dims } = tensors.get('transformer.wte.weight')!;
    const other = { dims, dtype: 'float32' as const, data: new Float32Array(dims[0]! * dims[1]!).fill(1) };
    const source = writeLanguageFolder(newFolder(), { tensors: replaced('lm_head.weight', other) });
    const { manifest } = await importFrom(source);
    expect(manifest.assumed.join(' ')).toContain('lm_head.weight differs from wte.weight');
  });

  it('is the same in several files of layers, and from shards', async () => {
    const source = writeLanguageFolder(newFolder(), {});
    const { manifest } = await importFrom(source, { largestPart: 20_000 });
    expect(manifest.files.parts.length).toBeGreaterThan(1);
    expect(largestDifference(await logitsFrom(source, { largestPart: 20_000 }), wanted)).toBeLessThan(1e-4);
    rmSync(join(source, 'model.safetensors'));
    const names = [...tensors.keys()];
    const shards = [names.slice(0, 9), names.slice(9)];
    shards.forEach((own, at) => {
      const part = new Map(own.map((name) => [name, tensors.get(name)!]));
      writeFileSync(join(source, `model-${at}.safetensors`), writeSafetensors(part));
    });
    const map = Object.fromEntries(
      shards.flatMap((own, at) => own.map((name) => [name, `model-${at}.safetensors`])),
    );
    writeFileSync(join(source, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
    expect(largestDifference(await logitsFrom(source), wanted)).toBeLessThan(1e-4);
  });

  it('is the same from a state dict, without executing it, and with vocab.json and merges.txt', async () => {
    const source = writeLanguageFolder(newFolder(), {});
    rmSync(join(source, 'model.safetensors'));
    writeFileSync(join(source, 'pytorch_model.bin'), stateDictFile(tensors));
    rmSync(join(source, 'tokenizer.json'));
    const { model } = smallTokenizer();
    writeFileSync(join(source, 'vocab.json'), JSON.stringify(model.vocab));
    writeFileSync(
      join(source, 'merges.txt'),
      `#version: 0.2\n${model.merges.map((pair) => (pair as string[]).join(' ')).join('\n')}\n`,
    );
    expect(largestDifference(await logitsFrom(source), wanted)).toBeLessThan(1e-4);
  });

  it('follows the options of the attention', async () => {
    const config = { scale_attn_weights: false, scale_attn_by_inverse_layer_idx: true };
    const scaled = referenceLogits(tensors, smallSize(), ids, [1, 1 / 2]);
    expect(largestDifference(await imported({ config }), scaled)).toBeLessThan(1e-4);
    expect(largestDifference(scaled, wanted)).toBeGreaterThan(1e-2);
  });
});

describe('the cache', () => {
  it('makes no difference, and may be gone on from twice', async () => {
    const model = await openLanguageModel(await importFrom(writeLanguageFolder(newFolder())), 'cpu');
    const whole = await logitsOf(model);
    const width = whole.length / ids.length;
    const cache = await readSequences(model, [ids.slice(0, 5)], null, 0, () => undefined);
    for (let round = 0; round < 2; round++) {
      const rest = await logitsOf(model, ids.slice(5), cache);
      expect(largestDifference(rest, whole.slice(5 * width))).toBeLessThan(1e-5);
    }
    await model.close();
  });
});

describe('refusals', () => {
  const finite = tensors.get('transformer.h.1.ln_2.weight')!;
  const nan = { ...finite, data: (finite.data as Float32Array).map((value, i) => (i === 3 ? NaN : value)) };
  it.each<[string, LanguageFolder, string, RegExp]>([
    [
      'a missing tensor',
      { tensors: replaced('transformer.h.1.mlp.c_proj.weight', null) },
      'LANGUAGE_TENSOR_MISSING',
      /transformer\.h\.1\.mlp\.c_proj\.weight/,
    ],
    [
      'a transposed matrix',
      {
        tensors: replaced('transformer.h.0.attn.c_attn.weight', {
          dims: [48, 16],
          dtype: 'float32',
          data: new Float32Array(48 * 16),
        }),
      },
      'LANGUAGE_TENSOR_SHAPE',
      /transformer\.h\.0\.attn\.c_attn\.weight has \[48,16\], expected \[16,48\] \(Conv1D/,
    ],
    [
      'a weight that is not a number',
      { tensors: replaced('transformer.h.1.ln_2.weight', nan) },
      'CHECKPOINT_NOT_FINITE',
      /transformer\.h\.1\.ln_2\.weight/,
    ],
    [
      'a tokenizer of another size',
      { tokenizer: smallTokenizer(['Ġman']) },
      'LANGUAGE_TOKENIZER_SIZE',
      /tokenizer has 26\d tokens, wte \d+ rows/,
    ],
    ['a vocabulary of another size', { config: { vocab_size: 7 } }, 'LANGUAGE_TENSOR_SHAPE', /wte\.weight/],
    ['no GPT-2', { config: { model_type: 'llama' } }, 'LANGUAGE_CONFIG', /llama/],
    ['an unknown activation', { config: { activation_function: 'mish' } }, 'LANGUAGE_CONFIG', /mish/],
    ['heads that do not divide the width', { config: { n_head: 5 } }, 'LANGUAGE_CONFIG', /5 heads/],
    ['cross-attention', { config: { add_cross_attention: true } }, 'LANGUAGE_CONFIG', /cross-attention/],
    [
      'other weights',
      { tensors: new Map([['a.weight', finite]]) },
      'LANGUAGE_TENSOR_MISSING',
      /no weights of a GPT-2/,
    ],
    [
      'an untied head that is absent',
      { config: { tie_word_embeddings: false } },
      'LANGUAGE_TENSOR_MISSING',
      /lm_head\.weight/,
    ],
  ])('%s', async (_, parts, code, message) => {
    const source = writeLanguageFolder(newFolder(), parts);
    const folder = join(work, `store-${folders++}`);
    await expect(importFrom(source, { folder })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
    expect(() => readdirSync(folder)).toThrow('ENOENT');
  });

  it.each([
    ['config.json', 'LANGUAGE_CONFIG'],
    ['tokenizer.json', 'LANGUAGE_TOKENIZER'],
    ['model.safetensors', 'CHECKPOINT_NOT_FOUND'],
  ])('a folder without %s', async (name, code) => {
    const source = writeLanguageFolder(newFolder());
    rmSync(join(source, name));
    await expect(importFrom(source)).rejects.toMatchObject({ code });
  });

  it('two models in one folder, unless they are the same', async () => {
    const source = writeLanguageFolder(newFolder());
    const bytes = readFileSync(join(source, 'model.safetensors'));
    rmSync(join(source, 'model.safetensors'));
    writeFileSync(join(source, 'a.safetensors'), bytes);
    writeFileSync(
      join(source, 'b.safetensors'),
      writeSafetensors(renamed((name) => name.replace('transformer.', ''))),
    );
    const { manifest } = await importFrom(source);
    expect(manifest.assumed.join(' ')).toContain('a.safetensors, b.safetensors hold the same weights');
    writeFileSync(join(source, 'b.safetensors'), writeSafetensors(randomGpt2(smallSize(), 6)));
    await expect(importFrom(source)).rejects.toMatchObject({ code: 'LANGUAGE_WEIGHTS_AMBIGUOUS' });
  });

  it('a file of the package that was changed', async () => {
    const opened = await importFrom(writeLanguageFolder(newFolder()));
    const path = join(opened.folder, opened.manifest.files.parts[0]!.file.path);
    const bytes = readFileSync(path);
    bytes[1000]! ^= 1;
    writeFileSync(path, bytes);
    await expect(openLanguageModel(opened, 'cpu')).rejects.toMatchObject({ code: 'MODEL_HASH_MISMATCH' });
  });
});

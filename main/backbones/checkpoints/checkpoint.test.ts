import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DermOrbitError } from '../../contract/errors.ts';
import { float32ToFloat16 } from '../../onnx/float16.ts';
import {
  checkpointFiles,
  joinBytes,
  pickled,
  pickledTensor,
  randomClip,
  stateDictFile,
  torchArchive,
  torchScriptFile,
  zipOf,
} from '../../testing/checkpoint-files.ts';
import { sharedFolder, sharedPath } from '../../testing/shared.ts';
import { detectArchitecture } from '../clip-resnet/architecture.ts';
import { readCheckpoint, type Checkpoint } from './checkpoint.ts';
import type { DataType } from './checkpoint-tensor.ts';
import { writeSafetensors } from './safetensors.ts';

const good = randomClip();
const files = checkpointFiles(good);

/** Everything a checkpoint says, for comparing two. */
function contentOf({ tensors }: Checkpoint) {
  return new Map(
    [...tensors]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, tensor]) => [
        name,
        {
          dims: tensor.dims,
          dtype: tensor.dtype,
          values: tensor.float32(),
          bits: tensor.float16Bits?.() ?? null,
        },
      ]),
  );
}

describe.each(Object.keys(files))('%s', (format) => {
  const checkpoint = readCheckpoint(files[format]!, 'tiny');

  it('is recognised by its bytes', () => {
    expect(checkpoint.format).toBe(format);
  });

  it('gives every tensor under its name, half precision bit by bit', () => {
    expect(new Set(checkpoint.tensors.keys())).toEqual(new Set(good.keys()));
    for (const [name, { dims, dtype, data }] of good) {
      const tensor = checkpoint.tensors.get(name)!;
      expect({ dims: tensor.dims, dtype: tensor.dtype }, name).toEqual({ dims, dtype });
      if (dtype === 'float16') expect(tensor.float16Bits?.(), name).toEqual(data);
      else expect(tensor.float32(), name).toEqual(data);
      expect('float16Bits' in tensor).toBe(dtype === 'float16');
    }
  });

  it('is read the same at any place in memory', () => {
    const elsewhere = new Uint8Array(files[format]!.length + 3).subarray(3);
    elsewhere.set(files[format]!);
    expect(contentOf(readCheckpoint(elsewhere, 'tiny'))).toEqual(contentOf(checkpoint));
  });

  it('fails with an error of the table and nothing else, whatever bytes are damaged', () => {
    const file = files[format]!;
    const damage = fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(damage, fc.option(fc.nat(file.length)), (changes, length) => {
        const bytes = Uint8Array.from(length === null ? file : file.subarray(0, length));
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        try {
          detectArchitecture(readCheckpoint(bytes, 'tiny'));
        } catch (error) {
          expect(error).toBeInstanceOf(DermOrbitError);
        }
      }),
      { numRuns: 150, seed: 1 },
    );
  });
});

it('fails with an error of the table and nothing else, whatever the pickle', () => {
  // Instructions with their arguments, in any order: most end in an error, and some in strange values.
  const instruction = fc.oneof(
    fc.constantFrom(...Array.from('(02N)\x85\x86\x87t]lae}su\x8f\x90\x91R\x81bQ\x88\x89\x93\x94.')),
    fc
      .constantFrom('q', 'h', 'K', '\x80')
      .chain((code) => fc.constantFrom('\x00', '\x01', '\x02').map((n) => code + n)),
    fc.constantFrom(
      'ctorch._utils\n_rebuild_tensor_v2\n',
      'ccollections\nOrderedDict\n',
      'ctorch\nFloatStorage\n',
    ),
    fc.constantFrom('X\x07\x00\x00\x00storage', 'X\x01\x00\x00\x000', 'X\x09\x00\x00\x00__proto__'),
    fc.constantFrom('c__torch__\nM\n', 'ctorch.jit._pickle\nbuild_intlist\n', 'ctorch\nSize\n'),
  );
  const script = { name: 'a/constants.pkl', data: joinBytes('N.') };
  fc.assert(
    fc.property(fc.array(instruction, { maxLength: 40 }), fc.boolean(), (program, torchScript) => {
      const entries = [
        { name: 'a/data.pkl', data: joinBytes(...program, '.') },
        { name: 'a/data/0', data: new Uint8Array(8) },
      ];
      try {
        readCheckpoint(zipOf(torchScript ? [...entries, script] : entries), 'tiny');
      } catch (error) {
        expect(error).toBeInstanceOf(DermOrbitError);
      }
    }),
    { numRuns: 3000, seed: 1 },
  );
});

describe('wrapped checkpoints', () => {
  const expected = contentOf(readCheckpoint(files.safetensors!, 'tiny'));
  const integer = pickled.integer(3);

  it.each(['state_dict', 'model_state_dict', 'model'])('finds the weights under "%s"', (key) => {
    const file = stateDictFile(good, (dict) =>
      pickled.dict([
        ['epoch', integer],
        ['name', pickled.text('run 1')],
        [
          'optimizer',
          pickled.dict([
            ['param_groups', pickled.list(pickled.dict([['lr', joinBytes('G?PbM\xd2\xf1\xa9\xfc')]]))],
          ]),
        ],
        [key, dict],
      ]),
    );
    expect(contentOf(readCheckpoint(file, 'tiny'))).toEqual(expected);
  });

  it.each(['module.', '_orig_mod.', 'module._orig_mod.model.'])(
    'takes the prefix "%s" off the names',
    (prefix) => {
      const prefixed = new Map([...good].map(([name, tensor]) => [prefix + name, tensor]));
      prefixed.set('head.weight', good.get('ln_final.weight')!);
      for (const file of Object.values(checkpointFiles(prefixed))) {
        expect(contentOf(readCheckpoint(file, 'tiny'))).toEqual(expected);
      }
    },
  );

  it('reads an OrderedDict with the metadata that modules attach', () => {
    const file = stateDictFile(good, (dict) =>
      joinBytes(
        pickled.call(pickled.global('collections', 'OrderedDict')),
        // The items of the dictionary, without the instruction that makes it.
        dict.subarray(1),
        pickled.dict([['_metadata', pickled.dict([])]]),
        'b',
      ),
    );
    expect(contentOf(readCheckpoint(file, 'tiny'))).toEqual(expected);
  });

  it('reads parameters and protocol 4', () => {
    const tensor = pickledTensor({ key: '0', dtype: 'float32', dims: [2], count: 2 });
    const parameter = joinBytes('\x8c\x0ctorch._utils\x8c\x12_rebuild_parameter\x93\x94(', tensor, '\x88}tR');
    const body = joinBytes('}\x94\x8c\x01a', parameter, 's.');
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(body.length));
    const file = torchArchive(joinBytes('\x80\x04\x95', length, body), [new Uint8Array(8)]);
    expect(readCheckpoint(file, 'tiny').tensors.get('a')?.float32()).toEqual(Float32Array.of(0, 0));
  });

  it('reads archives whose sizes stand in ZIP64 fields', () => {
    const entry = (name: string, data: Uint8Array) => ({ name: `a/${name}`, data, zip64: true });
    const tensor = pickledTensor({ key: '0', dtype: 'float32', dims: [2], count: 2 });
    const file = zipOf([
      entry('data.pkl', pickled.program(pickled.dict([['x', tensor]]))),
      entry('data/0', new Uint8Array(Float32Array.of(1, 2).buffer)),
    ]);
    expect(readCheckpoint(file, 'tiny').tensors.get('x')?.float32()).toEqual(Float32Array.of(1, 2));
  });

  it('takes modules that two others share under both names', () => {
    const tensors = new Map([
      ['a.weight', good.get('visual.bn1.weight')!],
      ['a.deep.bias', good.get('visual.bn1.bias')!],
    ]);
    expect([...readCheckpoint(torchScriptFile(tensors), 'tiny').tensors.keys()]).toEqual([
      'a.weight',
      'a.deep.bias',
    ]);
  });
});

describe('tensors in their storage', () => {
  const numbers = Float32Array.from({ length: 12 }, (_, i) => i);
  const read = (window: { dims: number[]; strides?: number[]; offset?: number }) => {
    const tensor = pickledTensor({ key: '0', dtype: 'float32', count: 12, ...window });
    const file = torchArchive(pickled.program(pickled.dict([['x', tensor]])), [
      new Uint8Array(numbers.buffer),
    ]);
    return [...readCheckpoint(file, 'tiny').tensors.get('x')!.float32()];
  };

  it.each([
    ['a scalar', { dims: [], offset: 5 }, [5]],
    ['nothing', { dims: [0, 3] }, []],
    ['a part', { dims: [2, 2], offset: 3 }, [3, 4, 5, 6]],
    ['a transposed matrix', { dims: [4, 3], strides: [1, 4] }, [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]],
    ['every other column', { dims: [2, 3], strides: [6, 2], offset: 1 }, [1, 3, 5, 7, 9, 11]],
    ['channels last', { dims: [1, 2, 2, 3], strides: [12, 1, 6, 2] }, [0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]],
    ['one row repeated', { dims: [3, 2], strides: [0, 1], offset: 4 }, [4, 5, 4, 5, 4, 5]],
    ['a stride of no meaning', { dims: [1, 12], strides: [999, 1] }, [...numbers]],
  ])('reads %s', (_, window, expected) => {
    expect(read(window)).toEqual(expected);
  });

  it('gives the raw bits of a transposed half-precision matrix', () => {
    const bits = Uint16Array.of(1, 2, 3, 4, 5, 6);
    const tensor = pickledTensor({ key: '0', dtype: 'float16', dims: [3, 2], strides: [1, 3], count: 6 });
    const file = torchArchive(pickled.program(pickled.dict([['x', tensor]])), [new Uint8Array(bits.buffer)]);
    expect(readCheckpoint(file, 'tiny').tensors.get('x')?.float16Bits?.()).toEqual(
      Uint16Array.of(1, 4, 2, 5, 3, 6),
    );
  });

  it.each<[DataType, ArrayBuffer]>([
    ['float16', float32ToFloat16(Float32Array.of(1, -2.5, 0)).buffer as ArrayBuffer],
    ['bfloat16', Uint16Array.of(0x3f80, 0xc020, 0).buffer],
    ['float32', Float32Array.of(1, -2.5, 0).buffer],
    ['float64', Float64Array.of(1, -2.5, 0).buffer],
  ])('converts %s', (dtype, buffer) => {
    const storage = new Uint8Array(buffer);
    const tensor = pickledTensor({ key: '0', dtype, dims: [3], count: 3 });
    const file = torchArchive(pickled.program(pickled.dict([['x', tensor]])), [storage]);
    expect(readCheckpoint(file, 'tiny').tensors.get('x')?.float32()).toEqual(Float32Array.of(1, -2.5, 0));
  });

  it('converts every integer type of safetensors', () => {
    const tensors = new Map<
      string,
      Parameters<typeof writeSafetensors>[0] extends ReadonlyMap<string, infer T> ? T : never
    >([
      ['int64', { dims: [2], dtype: 'int64', data: BigInt64Array.of(-7n, 49_407n) }],
      ['int32', { dims: [2], dtype: 'int32', data: Int32Array.of(-7, 9) }],
      ['uint16', { dims: [2], dtype: 'uint16', data: Uint16Array.of(65_535, 9) }],
      ['int8', { dims: [2], dtype: 'int8', data: Uint8Array.of(255, 9) }],
      ['bool', { dims: [2], dtype: 'bool', data: Uint8Array.of(0, 1) }],
    ]);
    const read = readCheckpoint(writeSafetensors(tensors), 'tiny').tensors;
    expect(Object.fromEntries([...read].map(([name, tensor]) => [name, [...tensor.float32()]]))).toEqual({
      int64: [-7, 49_407],
      int32: [-7, 9],
      uint16: [65_535, 9],
      int8: [-1, 9],
      bool: [0, 1],
    });
  });
});

describe('writing safetensors', () => {
  it('gives the same bytes for the same tensors in any order, aligned, with metadata', () => {
    const reversed = new Map([...good].reverse());
    const file = writeSafetensors(good, { made: 'by hand' });
    expect(writeSafetensors(reversed, { made: 'by hand' })).toEqual(file);
    expect(Buffer.from(file.subarray(8, 60)).toString()).toContain('{"__metadata__":{"made":"by hand"}');
    expect(file.length % 2).toBe(0);
    expect(readCheckpoint(file, 'x').tensors.size).toBe(good.size);
  });

  it('refuses data that do not fill their shape', () => {
    const tensors = new Map([['a', { dims: [3], dtype: 'float32', data: Float32Array.of(1, 2) } as const]]);
    expect(() => writeSafetensors(tensors)).toThrow(RangeError);
  });
});

describe.skipIf(sharedFolder() === null)('golden checkpoints', () => {
  const golden = ['tiny-clip-torchscript.pt', 'tiny-clip-state-dict.pt', 'tiny-clip.safetensors'];
  const read = (name: string) => readCheckpoint(readFileSync(sharedPath('golden', name)), name);

  it('are the same weights under the same names in every format', () => {
    const [script, dict, safetensors] = golden.map(read) as [Checkpoint, Checkpoint, Checkpoint];
    expect([script, dict, safetensors].map(({ format }) => format)).toEqual([
      'torchscript',
      'state-dict',
      'safetensors',
    ]);
    expect(safetensors.tensors.size).toBe(171);
    for (const [name, tensor] of safetensors.tensors) {
      for (const other of [script, dict]) {
        const found = other.tensors.get(name);
        expect({ name, dims: found?.dims, dtype: found?.dtype }).toEqual({
          name,
          dims: tensor.dims,
          dtype: tensor.dtype,
        });
        // Buffer comparison: element-wise matchers take seconds on 3 million numbers.
        const bytesOf = (values: Float32Array) =>
          Buffer.from(values.buffer, values.byteOffset, values.byteLength);
        expect(bytesOf(found!.float32()).equals(bytesOf(tensor.float32())), name).toBe(true);
      }
    }
    expect(script.tensors.size).toBe(171);
    expect(dict.tensors.size).toBe(171);
  });

  it.each(golden)('have the architecture of config.json: %s', (name) => {
    expect(detectArchitecture(read(name))).toEqual({
      visual: {
        layers: [1, 2, 1, 1],
        width: 8,
        heads: 4,
        resolution: 128,
        featureChannels: 256,
        featureSize: 4,
        embeddingWidth: 32,
      },
      text: { layers: 2, width: 64, heads: 1, contextLength: 77, vocabularySize: 49_408 },
      logitScale: expect.closeTo(1 / 0.07, 4) as unknown,
    });
  });

  it('read a real image tower without a text tower', () => {
    const bytes = readFileSync(sharedPath('bootstrap', 'image-tower.safetensors'));
    const { visual, text, logitScale } = detectArchitecture(readCheckpoint(bytes, 'image-tower.safetensors'));
    expect({ text, logitScale }).toEqual({ text: null, logitScale: null });
    expect(visual).toEqual({
      layers: [2, 2, 2, 2],
      width: 32,
      heads: 16,
      resolution: 128,
      featureChannels: 1024,
      featureSize: 4,
      embeddingWidth: 256,
    });
  });
});

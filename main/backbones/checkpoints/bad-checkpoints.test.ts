// Every bad checkpoint that is known, with its exact code and what its message must name. Rows are never removed.
import { expect, it } from 'vitest';
import type { ErrorCode } from '../../contract/error-texts/table.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import {
  checkpointFiles,
  joinBytes,
  pickled,
  pickledTensor,
  randomClip,
  safetensorsFile,
  stateDictFile,
  torchArchive,
  zipOf,
} from '../../testing/checkpoint-files.ts';
import { detectArchitecture } from '../clip-resnet/architecture.ts';
import { readCheckpoint } from './checkpoint.ts';
import { writeSafetensors, type SafetensorsInput } from './safetensors.ts';

interface BadCheckpoint {
  readonly what: string;
  readonly file: () => Uint8Array;
  readonly code: ErrorCode;
  readonly message: RegExp;
  readonly name?: string;
}

const good = randomClip();
const files = checkpointFiles(good);

/** The tiny CLIP with some tensors replaced; null removes. */
function changed(changes: Readonly<Record<string, Partial<SafetensorsInput> | null>>): Uint8Array {
  const tensors = new Map(good);
  for (const [name, change] of Object.entries(changes)) {
    const known = tensors.get(name) ?? { dims: [1], dtype: 'float32', data: Float32Array.of(1) };
    if (change) tensors.set(name, { ...known, ...change });
    else tensors.delete(name);
  }
  return writeSafetensors(tensors);
}

function vector(...values: number[]): SafetensorsInput {
  return { dims: [values.length], dtype: 'float32', data: Float32Array.from(values) };
}

function matrixOf(rows: number, columns: number): SafetensorsInput {
  return { dims: [rows, columns], dtype: 'float32', data: new Float32Array(rows * columns).fill(1) };
}

function cut(bytes: Uint8Array, share: number): Uint8Array {
  return bytes.subarray(0, Math.floor(bytes.length * share));
}

/** A file whose pickle is these instructions, as a checkpoint. */
function pickle(...body: (Uint8Array | string)[]): Uint8Array {
  return torchArchive(pickled.program(...body), [new Uint8Array(16)]);
}

function tensorPickle(change: Partial<Parameters<typeof pickledTensor>[0]>): Uint8Array {
  const tensor = pickledTensor({ key: '0', dtype: 'float32', dims: [2, 2], count: 4, ...change });
  return pickle(pickled.dict([['a', tensor]]));
}

const someTensor = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };

/** A safetensors header with the tensor `a` as given, over 16 bytes of data. */
function header(a: unknown, more: Readonly<Record<string, unknown>> = {}): Uint8Array {
  return safetensorsFile({ a, ...more }, new Uint8Array(16));
}

const argument = pickled.text('id');

/** Modules that each hold the one before twice: a few thousand bytes for 2^50 paths. */
function doublingModules(): Uint8Array {
  const memo = (index: number) => joinBytes('r', Buffer.from(Uint32Array.of(index).buffer));
  const recall = (index: number) => joinBytes('j', Buffer.from(Uint32Array.of(index).buffer));
  const module = (attributes: Uint8Array) => pickled.instance(['__torch__', 'M'], attributes);
  const levels = Array.from({ length: 50 }, (_, i) =>
    joinBytes(
      module(
        pickled.dict(
          i === 0
            ? []
            : [
                ['l', recall(i - 1)],
                ['r', recall(i - 1)],
              ],
        ),
      ),
      memo(i),
    ),
  );
  return torchArchive(pickled.program(...levels), [], {
    name: 'archive/constants.pkl',
    data: pickled.program('N'),
  });
}

/** A module that is its own child. */
function endlessModule(): Uint8Array {
  const module = joinBytes(pickled.global('__torch__', 'M'), ')\x81q\x00}(', pickled.text('self'), 'h\x00ub');
  return torchArchive(pickled.program(module), [], {
    name: 'archive/constants.pkl',
    data: pickled.program('N'),
  });
}

const table: readonly BadCheckpoint[] = [
  // Not a checkpoint
  { what: 'an empty file', file: () => new Uint8Array(0), code: 'CHECKPOINT_TRUNCATED', message: /no bytes/ },
  {
    what: 'a text file',
    file: () => joinBytes('hello, I am not a checkpoint'),
    code: 'CHECKPOINT_UNRECOGNISED',
    message: /first bytes/,
  },
  {
    what: 'a web page',
    file: () => joinBytes('<!DOCTYPE html><title>404</title>'),
    code: 'CHECKPOINT_UNRECOGNISED',
    message: /web page/,
  },
  {
    what: 'a Git LFS pointer',
    file: () => joinBytes('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n'),
    code: 'CHECKPOINT_UNRECOGNISED',
    message: /Git LFS/,
  },
  {
    what: "PyTorch's format before 1.6",
    file: () => joinBytes('\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.'),
    code: 'CHECKPOINT_UNRECOGNISED',
    message: /before version 1\.6.*save its state dict again/,
  },
  {
    what: 'a bare pickle, even one that runs a command',
    file: () => pickled.program(pickled.global('os', 'system'), pickled.tuple(argument), 'R'),
    code: 'CHECKPOINT_UNRECOGNISED',
    message: /bare Python pickle/,
  },
  {
    what: 'a ZIP archive of something else',
    file: () => zipOf([{ name: 'image.jpg', data: joinBytes('x') }]),
    code: 'CHECKPOINT_UNRECOGNISED',
    message: /without a PyTorch checkpoint/,
  },
  // Truncated
  ...['torchscript', 'state-dict', 'safetensors'].flatMap((format) =>
    [0.01, 0.5, 0.9, 0.999].map((share): BadCheckpoint => ({
      what: `${format}, the first ${100 * share}% of the file`,
      file: () => cut(files[format]!, share),
      code: 'CHECKPOINT_TRUNCATED',
      message: /ends|of \d+ bytes/,
    })),
  ),
  {
    what: 'a few bytes named .safetensors',
    file: () => joinBytes('\x08\x00\x00'),
    name: 'x.SAFETENSORS',
    code: 'CHECKPOINT_TRUNCATED',
    message: /ends after 3 bytes/,
  },
  // Not a CLIP ResNet
  {
    what: 'a ResNet classifier',
    file: () => writeSafetensors(new Map([['layer1.0.conv1.weight', matrixOf(2, 2)]])),
    code: 'CHECKPOINT_NOT_CLIP',
    message: /"layer1\.0\.conv1\.weight"/,
  },
  {
    what: 'no tensors',
    file: () => writeSafetensors(new Map()),
    code: 'CHECKPOINT_NOT_CLIP',
    message: /0 tensors/,
  },
  {
    what: 'a pickle without tensors',
    file: () => pickle(pickled.dict([['epoch', pickled.integer(3)]])),
    code: 'CHECKPOINT_NOT_CLIP',
    message: /no dictionary of named tensors/,
  },
  {
    what: 'two image towers',
    file: () =>
      writeSafetensors(
        new Map([
          ['teacher.visual.conv1.weight', matrixOf(2, 2)],
          ['student.visual.conv1.weight', matrixOf(2, 2)],
        ]),
      ),
    code: 'CHECKPOINT_NOT_CLIP',
    message: /several image towers/,
  },
  ...[
    ['visual.proj', "OpenAI's names"],
    ['module.visual.class_embedding', "open_clip's names, from a training run"],
    ['vision_model.encoder.layers.0.mlp.fc1.weight', "Hugging Face's names"],
  ].map(([name, whose]): BadCheckpoint => ({
    what: `a ViT CLIP with ${whose!}`,
    file: () =>
      writeSafetensors(
        new Map([
          [name!, matrixOf(2, 2)],
          [`${name!.startsWith('module') ? 'module.' : ''}visual.conv1.weight`, matrixOf(2, 2)],
        ]),
      ),
    code: 'CHECKPOINT_VIT',
    message: /vision transformer/,
  })),
  // Shapes
  {
    what: 'a batch norm of another width',
    file: () => changed({ 'visual.layer2.1.bn3.weight': vector(1, 2, 3) }),
    code: 'CHECKPOINT_SHAPE',
    message: /visual\.layer2\.1\.bn3\.weight: expected \[16\], found \[3\]/,
  },
  {
    what: 'a missing tensor',
    file: () => changed({ 'visual.layer3.0.downsample.0.weight': null }),
    code: 'CHECKPOINT_SHAPE',
    message: /visual\.layer3\.0\.downsample\.0\.weight: expected \[32, 16, 1, 1\], found no such tensor/,
  },
  {
    what: 'a missing stage',
    file: () => changed({ 'visual.layer4.0.conv1.weight': null }),
    code: 'CHECKPOINT_SHAPE',
    message: /visual\.layer4\.0\.conv1\.weight: expected at least one block/,
  },
  {
    what: 'no attention pool',
    file: () => changed({ 'visual.attnpool.positional_embedding': null }),
    code: 'CHECKPOINT_SHAPE',
    message: /visual\.attnpool\.positional_embedding/,
  },
  {
    what: 'a feature map that is not square',
    file: () => changed({ 'visual.attnpool.positional_embedding': matrixOf(4, 64) }),
    code: 'CHECKPOINT_SHAPE',
    message: /a square number of cells \+ 1 rows, found \[4, 64\]/,
  },
  {
    what: 'an odd width',
    file: () => changed({ 'visual.layer1.0.conv1.weight': matrixOf(3, 3) }),
    code: 'CHECKPOINT_SHAPE',
    message: /an even number of output channels/,
  },
  {
    what: 'a width of 0',
    file: () => changed({ 'visual.layer1.0.conv1.weight': matrixOf(0, 0) }),
    code: 'CHECKPOINT_SHAPE',
    message: /an even number of output channels/,
  },
  {
    what: 'a text tower with another embedding width',
    file: () => changed({ text_projection: matrixOf(64, 5) }),
    code: 'CHECKPOINT_SHAPE',
    message: /text_projection: expected \[64, 4\], found \[64, 5\]/,
  },
  {
    what: 'half a text tower',
    file: () => changed({ 'token_embedding.weight': null }),
    code: 'CHECKPOINT_SHAPE',
    message: /token_embedding\.weight/,
  },
  {
    what: 'a logit scale that is a vector',
    file: () => changed({ logit_scale: vector(1, 2) }),
    code: 'CHECKPOINT_SHAPE',
    message: /logit_scale: expected one number/,
  },
  // Numbers
  {
    what: 'NaN in single precision',
    file: () => changed({ 'visual.bn3.bias': vector(1, NaN) }),
    code: 'CHECKPOINT_NOT_FINITE',
    message: /visual\.bn3\.bias: element 1 is NaN/,
  },
  {
    what: 'infinity in half precision',
    file: () =>
      changed({
        'visual.attnpool.c_proj.bias': {
          dims: [4],
          dtype: 'float16',
          data: Uint16Array.of(0, 0x3c00, 0xfc00, 0x7bff),
        },
      }),
    code: 'CHECKPOINT_NOT_FINITE',
    message: /visual\.attnpool\.c_proj\.bias: element 2 is -Infinity/,
  },
  {
    what: 'a negative variance',
    file: () => changed({ 'visual.bn3.running_var': vector(1, -0.5) }),
    code: 'CHECKPOINT_NOT_FINITE',
    message: /visual\.bn3\.running_var.*negative/,
  },
  {
    what: 'an infinite logit scale',
    file: () => changed({ logit_scale: { dims: [], dtype: 'float32', data: Float32Array.of(1000) } }),
    code: 'CHECKPOINT_NOT_FINITE',
    message: /logit_scale/,
  },
  // Pickles that want to run something
  {
    what: 'os.system by GLOBAL and REDUCE',
    file: () => pickle(pickled.call(pickled.global('os', 'system'), argument)),
    code: 'PICKLE_FORBIDDEN',
    message: /"os\.system"/,
  },
  {
    what: 'posix.system by STACK_GLOBAL',
    file: () => pickle('\x8c\x05posix\x8c\x06system\x93', argument, '\x85R'),
    code: 'PICKLE_FORBIDDEN',
    message: /"posix\.system"/,
  },
  {
    what: 'builtins.eval',
    file: () => pickle(pickled.call(pickled.global('builtins', 'eval'), argument)),
    code: 'PICKLE_FORBIDDEN',
    message: /"builtins\.eval"/,
  },
  {
    what: 'os.system by INST',
    file: () => pickle('(', argument, 'ios\nsystem\n'),
    code: 'PICKLE_FORBIDDEN',
    message: /"os\.system"/,
  },
  {
    what: 'a forbidden name that is never called',
    file: () => stateDictFile(good, (dict) => joinBytes(pickled.global('subprocess', 'Popen'), '0', dict)),
    code: 'PICKLE_FORBIDDEN',
    message: /"subprocess\.Popen"/,
  },
  {
    what: 'a whole module saved instead of its state dict',
    file: () => pickle(pickled.instance(['clip.model', 'CLIP'], pickled.dict([]))),
    code: 'PICKLE_FORBIDDEN',
    message: /"clip\.model\.CLIP"/,
  },
  {
    what: 'a name below a whitelisted one',
    file: () => pickle('\x8c\x05torch\x8c\x15FloatStorage.__init__\x93'),
    code: 'PICKLE_FORBIDDEN',
    message: /"torch\.FloatStorage\.__init__"/,
  },
  {
    what: 'a name of Object.prototype',
    file: () => pickle(pickled.global('torch', '__proto__')),
    code: 'PICKLE_FORBIDDEN',
    message: /"torch\.__proto__"/,
  },
  {
    what: "TorchScript's classes in a state dict",
    file: () => pickle(pickled.instance(['__torch__', 'M'], pickled.dict([]))),
    code: 'PICKLE_FORBIDDEN',
    message: /"__torch__\.M"/,
  },
  {
    what: 'an extension code',
    file: () => pickle('\x82\x07'),
    code: 'PICKLE_FORBIDDEN',
    message: /extension\.7/,
  },
  {
    what: 'a forbidden name in TorchScript',
    file: () =>
      torchArchive(pickled.program(pickled.global('torch.jit', 'load')), [], {
        name: 'archive/constants.pkl',
        data: pickled.program('N'),
      }),
    code: 'PICKLE_FORBIDDEN',
    message: /"torch\.jit\.load"/,
  },
  // Pickles that contradict themselves
  {
    what: 'a storage type that is called',
    file: () => pickle(pickled.call(pickled.global('torch', 'FloatStorage'), pickled.integer(2 ** 30))),
    code: 'CHECKPOINT_TRUNCATED',
    message: /calls torch\.FloatStorage/,
  },
  {
    what: 'a text that is called',
    file: () => pickle(pickled.call(argument)),
    code: 'CHECKPOINT_TRUNCATED',
    message: /calls a value/,
  },
  {
    what: 'a tensor made of texts',
    file: () =>
      pickle(
        pickled.call(
          pickled.global('torch._utils', '_rebuild_tensor_v2'),
          ...Array.from({ length: 6 }, () => argument),
        ),
      ),
    code: 'CHECKPOINT_TRUNCATED',
    message: /something else than storage/,
  },
  {
    what: 'a parameter that is not a tensor',
    file: () => pickle(pickled.call(pickled.global('torch._utils', '_rebuild_parameter'), argument)),
    code: 'CHECKPOINT_TRUNCATED',
    message: /not a tensor/,
  },
  {
    what: 'an OrderedDict made with arguments',
    file: () => pickle(pickled.call(pickled.global('collections', 'OrderedDict'), argument)),
    code: 'CHECKPOINT_TRUNCATED',
    message: /made with arguments/,
  },
  {
    what: 'an instance of a function',
    file: () => pickle(pickled.global('torch._utils', '_rebuild_tensor_v2'), ')\x81'),
    code: 'CHECKPOINT_TRUNCATED',
    message: /not a class/,
  },
  {
    what: 'attributes of a text',
    file: () => pickle(argument, '}b'),
    code: 'CHECKPOINT_TRUNCATED',
    message: /sets attributes/,
  },
  {
    what: 'a persistent id that is a path',
    file: () => pickle(pickled.text('../../etc/passwd'), 'Q'),
    code: 'CHECKPOINT_TRUNCATED',
    message: /something else than a storage/,
  },
  {
    what: 'a storage key that is a path',
    file: () => tensorPickle({ key: '../../data/0' }),
    code: 'CHECKPOINT_TRUNCATED',
    message: /no entry "archive\/data\/\.\.\/\.\.\/data\/0"/,
  },
  {
    what: 'a value that was never made',
    file: () => pickle('h\x09'),
    code: 'CHECKPOINT_TRUNCATED',
    message: /value 9/,
  },
  {
    what: 'an empty stack',
    file: () => pickle('R'),
    code: 'CHECKPOINT_TRUNCATED',
    message: /stack is empty/,
  },
  { what: 'no mark', file: () => pickle('t'), code: 'CHECKPOINT_TRUNCATED', message: /no mark/ },
  {
    what: 'an unknown instruction',
    file: () => pickle('\xff'),
    code: 'CHECKPOINT_TRUNCATED',
    message: /unknown instruction 0xff/,
  },
  {
    what: 'a newer protocol',
    file: () => pickle('\x80\x06'),
    code: 'CHECKPOINT_TRUNCATED',
    message: /protocol is 6/,
  },
  {
    what: 'a text of 4 GB',
    file: () => pickle('X\xff\xff\xff\xff'),
    code: 'CHECKPOINT_TRUNCATED',
    message: /ends at byte/,
  },
  {
    what: 'bytes of 16 EB',
    file: () => pickle('\x8e\xff\xff\xff\xff\xff\xff\xff\xff'),
    code: 'CHECKPOINT_TRUNCATED',
    message: /ends at byte/,
  },
  {
    what: 'an integer of a million bytes',
    file: () => pickle('\x8b\x40\x42\x0f\x00', new Uint8Array(1_000_000)),
    code: 'CHECKPOINT_TRUNCATED',
    message: /an integer has 1000000 bytes/,
  },
  {
    what: 'no end',
    file: () => torchArchive(joinBytes('\x80\x02N')),
    code: 'CHECKPOINT_TRUNCATED',
    message: /ends at byte 3/,
  },
  {
    what: 'three million values',
    file: () => pickle('}'.repeat(3_000_000)),
    code: 'CHECKPOINT_TRUNCATED',
    message: /more than 2000000 instructions/,
  },
  {
    what: 'modules with 2^50 paths',
    file: doublingModules,
    code: 'CHECKPOINT_TRUNCATED',
    message: /too many modules/,
  },
  {
    what: 'a module inside itself',
    file: endlessModule,
    code: 'CHECKPOINT_TRUNCATED',
    message: /contain each other/,
  },
  {
    what: 'TorchScript without a module',
    file: () =>
      torchArchive(pickled.program('N'), [], { name: 'archive/constants.pkl', data: pickled.program('N') }),
    code: 'CHECKPOINT_TRUNCATED',
    message: /does not hold a module/,
  },
  // Tensors that do not fit their storage
  ...(
    [
      ['a shape beyond its storage', { dims: [3, 2] }, /leaves its storage of 4 elements/],
      ['a negative dimension', { dims: [-1, 2] }, /is not a shape/],
      ['a shape beyond exact integers', { dims: [2 ** 30, 2 ** 30] }, /is not a shape/],
      ['an offset beyond its storage', { offset: 1 }, /leaves its storage/],
      ['a negative offset', { offset: -1 }, /leaves its storage/],
      ['a negative stride', { strides: [-2, 1] }, /strides/],
      ['too few strides', { strides: [1] }, /strides/],
      ['strides beyond its storage', { strides: [3, 1] }, /leaves its storage/],
      ['a billion elements of one number', { dims: [2 ** 30], strides: [0] }, /leaves its storage/],
      ['a storage smaller than it claims', { count: 5 }, /too few for 5 elements/],
      ['a storage that is not there', { key: '7' }, /no entry "archive\/data\/7"/],
    ] as const
  ).map(([what, change, message]): BadCheckpoint => ({
    what,
    file: () => tensorPickle(change),
    code: 'CHECKPOINT_TRUNCATED',
    message,
  })),
  // ZIP archives
  {
    what: 'an entry outside the archive',
    file: () => torchArchive(pickled.program('N'), [], { name: '../../evil', data: joinBytes('x') }),
    code: 'CHECKPOINT_UNRECOGNISED',
    message: /outside itself: "\.\.\/\.\.\/evil"/,
  },
  {
    what: 'an entry with an absolute name',
    file: () => zipOf([{ name: '/archive/data.pkl', data: pickled.program('N') }]),
    code: 'CHECKPOINT_UNRECOGNISED',
    message: /outside itself/,
  },
  {
    what: 'a big-endian machine',
    file: () => torchArchive(pickled.program('N'), [], { name: 'archive/byteorder', data: joinBytes('big') }),
    code: 'CHECKPOINT_UNRECOGNISED',
    message: /big-endian/,
  },
  {
    what: 'a compressed entry',
    file: () => zipOf([{ name: 'archive/data.pkl', data: pickled.program('N'), method: 8 }]),
    code: 'CHECKPOINT_UNRECOGNISED',
    message: /compressed \(method 8\)/,
  },
  {
    what: 'an encrypted entry',
    file: () => zipOf([{ name: 'archive/data.pkl', data: pickled.program('N'), flags: 1 }]),
    code: 'CHECKPOINT_UNRECOGNISED',
    message: /encrypted/,
  },
  {
    what: 'an entry larger than the file',
    file: () => zipOf([{ name: 'archive/data.pkl', data: pickled.program('N'), size: 0xfffffff0 }]),
    code: 'CHECKPOINT_TRUNCATED',
    message: /beyond the data/,
  },
  {
    what: 'an entry that begins beyond the file',
    file: () => zipOf([{ name: 'archive/data.pkl', data: pickled.program('N'), offset: 0xfffffff0 }]),
    code: 'CHECKPOINT_TRUNCATED',
    message: /beyond the data/,
  },
  {
    what: 'entries that share their bytes',
    file: () =>
      torchArchive(pickled.program('N'), [], { name: 'archive/x', data: joinBytes('x'), offset: 0 }),
    code: 'CHECKPOINT_TRUNCATED',
    message: /overlaps/,
  },
  {
    what: 'two entries of one name',
    file: () => torchArchive(pickled.program('N'), [], { name: 'archive/version', data: joinBytes('9') }),
    code: 'CHECKPOINT_TRUNCATED',
    message: /two entries named "archive\/version"/,
  },
  {
    what: 'a wrong checksum',
    file: () => zipOf([{ name: 'archive/data.pkl', data: pickled.program('N'), checksum: 1 }]),
    code: 'CHECKPOINT_TRUNCATED',
    message: /checksum/,
  },
  // Safetensors
  {
    what: 'a header of 16 EB',
    file: () => safetensorsFile('{}', new Uint8Array(0), 2n ** 64n - 1n),
    code: 'SAFETENSORS_INVALID',
    message: /claims 18446744073709551615 bytes/,
  },
  {
    what: 'a header of more than 100 MB',
    file: () => safetensorsFile('{}', new Uint8Array(0), 100_000_001n),
    code: 'SAFETENSORS_INVALID',
    message: /claims 100000001 bytes/,
  },
  {
    what: 'a header longer than the file',
    file: () => safetensorsFile('{}', new Uint8Array(0), 99_999_999n),
    code: 'CHECKPOINT_TRUNCATED',
    message: /inside its header/,
  },
  {
    what: 'a header that is not JSON',
    file: () => safetensorsFile('{"a":', new Uint8Array(0)),
    code: 'SAFETENSORS_INVALID',
    message: /not JSON in UTF-8/,
  },
  {
    what: 'a header that is not UTF-8',
    file: () => joinBytes('\x04\x00\x00\x00\x00\x00\x00\x00{"\xff}'),
    code: 'SAFETENSORS_INVALID',
    message: /not JSON in UTF-8/,
  },
  {
    what: 'a header that is not an object',
    file: () => joinBytes('\x02\x00\x00\x00\x00\x00\x00\x00[]'),
    name: 'a.safetensors',
    code: 'SAFETENSORS_INVALID',
    message: /not an object/,
  },
  {
    what: 'a header nested a million deep',
    file: () => safetensorsFile(`{"a":${'['.repeat(1e6)}${']'.repeat(1e6)}}`, new Uint8Array(0)),
    code: 'SAFETENSORS_INVALID',
    message: /header|"a"/,
  },
  {
    what: 'a tensor named twice',
    file: () =>
      safetensorsFile(
        `{"a":${JSON.stringify(someTensor)},"\\u0061":${JSON.stringify({ ...someTensor, data_offsets: [8, 16] })}}`,
        new Uint8Array(16),
      ),
    code: 'SAFETENSORS_INVALID',
    message: /names "a" twice/,
  },
  {
    what: 'a data type named twice',
    file: () =>
      safetensorsFile(
        '{"a":{"dtype":"F32","dtype":"F16","shape":[4],"data_offsets":[0,8]}}',
        new Uint8Array(8),
      ),
    code: 'SAFETENSORS_INVALID',
    message: /names "dtype" twice/,
  },
  {
    what: 'overlapping tensors',
    file: () =>
      header(
        { ...someTensor, data_offsets: [0, 8] },
        { b: { dtype: 'F32', shape: [3], data_offsets: [4, 16] } },
      ),
    code: 'SAFETENSORS_INVALID',
    message: /"b" overlaps/,
  },
  {
    what: 'offsets beyond the data',
    file: () => header({ ...someTensor, data_offsets: [1_000_000, 1_000_008] }),
    code: 'SAFETENSORS_INVALID',
    message: /belong to no tensor/,
  },
  {
    what: 'a hole between tensors',
    file: () => header(someTensor, { b: { dtype: 'F32', shape: [1], data_offsets: [12, 16] } }),
    code: 'SAFETENSORS_INVALID',
    message: /Bytes 8 to 12, before "b"/,
  },
  {
    what: 'bytes after the last tensor',
    file: () => header(someTensor),
    code: 'SAFETENSORS_INVALID',
    message: /8 bytes at the end/,
  },
  {
    what: 'offsets in the wrong order',
    file: () => header({ dtype: 'F32', shape: [0], data_offsets: [8, 0] }),
    code: 'SAFETENSORS_INVALID',
    message: /does not fill bytes 8 to 0/,
  },
  {
    what: 'a shape that does not fill its bytes',
    file: () => header({ ...someTensor, shape: [3] }),
    code: 'SAFETENSORS_INVALID',
    message: /F32 of shape \[3\] does not fill bytes 0 to 8/,
  },
  {
    what: 'a shape beyond exact integers',
    file: () => header({ ...someTensor, shape: [2 ** 40, 2 ** 40] }),
    code: 'SAFETENSORS_INVALID',
    message: /does not fill/,
  },
  {
    what: 'a negative dimension',
    file: () => header({ ...someTensor, shape: [-2] }),
    code: 'SAFETENSORS_INVALID',
    message: /"a": shape\.0/,
  },
  {
    what: 'half a dimension',
    file: () => header({ ...someTensor, shape: [1.5] }),
    code: 'SAFETENSORS_INVALID',
    message: /"a": shape\.0/,
  },
  {
    what: 'a negative offset',
    file: () => header({ ...someTensor, data_offsets: [-8, 0] }),
    code: 'SAFETENSORS_INVALID',
    message: /"a": data_offsets\.0/,
  },
  {
    what: 'an unknown data type',
    file: () => header({ ...someTensor, dtype: 'F99' }),
    code: 'SAFETENSORS_INVALID',
    message: /unsupported data type "F99"/,
  },
  {
    what: 'a data type that is a number',
    file: () => header({ ...someTensor, dtype: 32 }),
    code: 'SAFETENSORS_INVALID',
    message: /"a": dtype/,
  },
  {
    what: 'an entry that is a list',
    file: () => header([]),
    code: 'SAFETENSORS_INVALID',
    message: /"a": /,
  },
  {
    what: 'metadata that are not texts',
    file: () => header(someTensor, { __metadata__: { a: 1 } }),
    code: 'SAFETENSORS_INVALID',
    message: /__metadata__/,
  },
];

it.each(table)('$what: $code', ({ file, code, message, name = 'some.pt' }) => {
  let thrown: unknown = null;
  try {
    detectArchitecture(readCheckpoint(file(), name));
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(DermOrbitError);
  const error = thrown as DermOrbitError;
  expect({ code: error.code, message: error.message }).toEqual({
    code,
    message: expect.stringMatching(message) as unknown,
  });
});

it('leaves objects alone whose names are keys in a pickle', () => {
  const keys = ['__proto__', 'constructor', 'prototype', '__setstate__'];
  const attributes = pickled.dict(keys.map((key) => [key, pickled.dict([['polluted', joinBytes('\x88')]])]));
  const file = torchArchive(pickled.program(pickled.instance(['__torch__', 'M'], attributes)), [], {
    name: 'archive/constants.pkl',
    data: pickled.program('N'),
  });
  expect(readCheckpoint(file, 'a.pt').tensors.size).toBe(0);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  const tensors = new Map([['__proto__', good.get('visual.bn1.weight')!]]);
  expect([...readCheckpoint(writeSafetensors(tensors), 'a.safetensors').tensors.keys()]).toEqual([
    '__proto__',
  ]);
  expect([...readCheckpoint(stateDictFile(tensors), 'a.pt').tensors.keys()]).toEqual(['__proto__']);
});

it('names the file in the message', () => {
  expect(() => readCheckpoint(joinBytes('nothing'), 'RN50.pt')).toThrow(/^RN50\.pt: /);
});

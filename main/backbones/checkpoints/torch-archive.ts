// What both kinds of PyTorch archives share (torch.save, torch.jit.save): a ZIP with one folder that holds
// data.pkl, a pickle of everything but the numbers, and data/N, the numbers of storage N. Layout: PyTorch's
// torch/serialization.py and torch/csrc/jit/serialization.
import { DermOrbitError } from '../../contract/errors.ts';
import { bytesPerElement, windowOn, type CheckpointTensor, type DataType } from './checkpoint-tensor.ts';
import { unpickle } from './pickle.ts';
import { PickleForeign, PickleGlobal } from './pickle-machine.ts';
import { matchZip, openZip, type ZipArchive } from './zip.ts';

/** Storage N of the archive: all its bytes, and the type its tensors have. */
class TorchStorage {
  readonly bytes: Uint8Array;
  readonly dtype: DataType;

  constructor(bytes: Uint8Array, dtype: DataType) {
    this.bytes = bytes;
    this.dtype = dtype;
  }
}

/** A tensor that the pickle describes. */
export class TorchTensor {
  readonly tensor: CheckpointTensor;

  constructor(tensor: CheckpointTensor) {
    this.tensor = tensor;
  }
}

const storageTypes: ReadonlyMap<string, DataType> = new Map([
  ['HalfStorage', 'float16'],
  ['BFloat16Storage', 'bfloat16'],
  ['FloatStorage', 'float32'],
  ['DoubleStorage', 'float64'],
  ['BoolStorage', 'bool'],
  ['ByteStorage', 'uint8'],
  ['CharStorage', 'int8'],
  ['ShortStorage', 'int16'],
  ['IntStorage', 'int32'],
  ['LongStorage', 'int64'],
]);

/** Element types by themselves occur in optimizer settings; they are read and not used. */
const dtypeNames = [
  'float16',
  'bfloat16',
  'float32',
  'float64',
  'bool',
  'uint8',
  'int8',
  'int16',
  'int32',
  'int64',
];

function damaged(message: string): DermOrbitError {
  return new DermOrbitError('CHECKPOINT_TRUNCATED', message);
}

/** torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks[, metadata]) */
function rebuildTensor(args: readonly unknown[]): TorchTensor | PickleForeign {
  const [storage, offset, dims, strides] = args;
  if (storage instanceof PickleForeign) return storage;
  if (
    !(storage instanceof TorchStorage) ||
    typeof offset !== 'number' ||
    !isNumbers(dims) ||
    !isNumbers(strides)
  ) {
    throw damaged(
      'A tensor of the checkpoint is described by something else than storage, offset, size and stride.',
    );
  }
  const tensor = windowOn(storage.bytes, { dtype: storage.dtype, offset, dims, strides });
  if (typeof tensor === 'string') throw damaged(`A tensor of the checkpoint does not fit: ${tensor}.`);
  return new TorchTensor(tensor);
}

/** torch._utils._rebuild_parameter(tensor, requires_grad, backward_hooks): the tensor itself. */
function rebuildParameter([tensor]: readonly unknown[]): TorchTensor | PickleForeign {
  if (tensor instanceof PickleForeign) return tensor;
  if (!(tensor instanceof TorchTensor)) throw damaged('A parameter of the checkpoint is not a tensor.');
  return tensor;
}

/** A shape or strides; PyTorch has at most 64 dimensions. */
function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= 64 && value.every((item) => typeof item === 'number');
}

/** collections.OrderedDict(): empty, since Python 3 sets the items afterwards. Copying lists could be repeated. */
function orderedDict(args: readonly unknown[]): Map<unknown, unknown> {
  if (args.length > 0) throw damaged('A dictionary of the checkpoint is made with arguments.');
  return new Map();
}

/** Every name that weights need: all that a checkpoint may refer to. */
const allowedGlobals: ReadonlyMap<string, PickleGlobal> = new Map(
  [
    new PickleGlobal('torch._utils._rebuild_tensor_v2', { call: rebuildTensor }),
    new PickleGlobal('torch._utils._rebuild_parameter', { call: rebuildParameter }),
    new PickleGlobal('collections.OrderedDict', { call: orderedDict }),
    new PickleGlobal('torch.Size', { call: ([sizes]) => sizes }),
    new PickleGlobal('torch.device', { call: () => null }),
    // TorchScript marks lists and dictionaries with their element types; the value is the first argument.
    ...['restore_type_tag', 'build_intlist', 'build_tensorlist', 'build_doublelist', 'build_boollist'].map(
      (name) => new PickleGlobal(`torch.jit._pickle.${name}`, { call: ([value]) => value }),
    ),
    ...[...storageTypes.keys(), ...dtypeNames].map((name) => new PickleGlobal(`torch.${name}`)),
  ].map((global) => [global.name, global]),
);

/** A PyTorch archive whose directory has been read. */
export interface TorchArchive {
  readonly zip: ZipArchive;
  /** The folder of the archive with its slash, e.g. "archive/". */
  readonly folder: string;
}

/**
 * Opens a PyTorch archive.
 * @returns null if it is a ZIP archive of something else
 * @throws DermOrbitError as openZip; CHECKPOINT_UNRECOGNISED if its numbers are big-endian
 */
export function openTorchArchive(bytes: Uint8Array): TorchArchive | null {
  const zip = openZip(bytes);
  const pickles = zip.names.filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickles.length !== 1) return null;
  const folder = pickles[0]!.slice(0, -'data.pkl'.length);
  const byteOrder = `${folder}byteorder`;
  if (zip.has(byteOrder) && new TextDecoder().decode(zip.read(byteOrder)).trim() !== 'little') {
    throw new DermOrbitError(
      'CHECKPOINT_UNRECOGNISED',
      'The checkpoint was saved on a big-endian machine; save it again on a common computer.',
    );
  }
  return { zip, folder };
}

/** Whether a PyTorch archive is TorchScript: it carries code beside its data. Never throws. */
export function isTorchScript(bytes: Uint8Array): boolean {
  if (!matchZip(bytes)) return false;
  try {
    const archive = openTorchArchive(bytes);
    return archive?.zip.has(`${archive.folder}constants.pkl`) ?? false;
  } catch (error) {
    if (error instanceof DermOrbitError) return false;
    throw error;
  }
}

/**
 * The value that data.pkl describes, with TorchTensor in the place of tensors.
 * @param classes what names outside the whitelist stand for, foreign things among them; null refuses them
 * @throws DermOrbitError as unpickle; CHECKPOINT_TRUNCATED if a tensor does not fit its storage
 */
export function readTorchArchive(
  { zip, folder }: TorchArchive,
  classes: (name: string) => PickleGlobal | PickleForeign | null,
): unknown {
  const storages = new Map<string, TorchStorage>();
  return unpickle(zip.read(`${folder}data.pkl`), {
    global: (module, name) => allowedGlobals.get(`${module}.${name}`) ?? classes(`${module}.${name}`),
    persistent(id) {
      const [kind, type, key, , count] = Array.isArray(id) ? (id as unknown[]) : [];
      // Numbers of a type that no weights have (complex ones) stay where they are.
      if (kind === 'storage' && type instanceof PickleForeign) return type;
      const dtype =
        type instanceof PickleGlobal ? storageTypes.get(type.name.slice('torch.'.length)) : undefined;
      if (kind !== 'storage' || !dtype || typeof key !== 'string' || typeof count !== 'number') {
        throw damaged('The checkpoint refers to something else than a storage of its own.');
      }
      const known = storages.get(key);
      if (known?.dtype === dtype) return known;
      const bytes = zip.read(`${folder}data/${key}`);
      if (!(count >= 0 && count * bytesPerElement(dtype) <= bytes.length)) {
        throw damaged(
          `Storage ${key} holds ${bytes.length} bytes, too few for ${count} elements of ${dtype}.`,
        );
      }
      const storage = new TorchStorage(bytes, dtype);
      storages.set(key, storage);
      return storage;
    },
  });
}

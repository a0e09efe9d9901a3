// An ONNX file on disk, with the weights that lie beside it: plain names in its own folder, regular files, nothing else.
import type { Hash } from 'node:crypto';
import { lstat, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DermOrbitError } from '../../contract/errors.ts';
import { OnnxModelError } from '../../onnx/codec.ts';
import {
  DamagedModelError,
  externalPlaces,
  parseForeign,
  readForeign,
  type ExternalPlace,
  type ForeignModel,
} from '../../onnx/foreign/read.ts';

/** Whether bytes are those of an ONNX file: version of the format, then the name of the program that wrote it. */
export function looksLikeOnnx(name: string, bytes: Uint8Array): boolean {
  if (name.toLowerCase().endsWith('.onnx')) return true;
  // Fields 1 (a small number), then 2, 3, 4, 7 or 8.
  return bytes[0] === 0x08 && bytes[1]! < 32 && [0x12, 0x1a, 0x22, 0x3a, 0x42].includes(bytes[2]!);
}

/**
 * Reads a model, and the files that its constants are said to lie in.
 * @param file its path
 * @param bytes its bytes
 * @param hash is given the bytes of what is read beside it
 * @throws DermOrbitError CHECKPOINT_TRUNCATED, ONNX_EXTERNAL, ONNX_EXTERNAL_MISSING, ONNX_OPERATOR
 */
export async function readOnnx(file: string, bytes: Uint8Array, hash: Hash): Promise<ForeignModel> {
  try {
    const message = parseForeign(plain(bytes));
    const places = externalPlaces(message);
    for (const place of places) requireBeside(place);
    const beside = new Map<string, Uint8Array>();
    for (const location of [...new Set(places.map((place) => place.location))].sort()) {
      const found = await readBeside(dirname(file), location);
      hash.update(found);
      beside.set(location, plain(found));
    }
    return readForeign(message, ({ location, offset, length }) => {
      const whole = beside.get(location)!;
      return whole.subarray(offset, length === null ? undefined : offset + length);
    });
  } catch (error) {
    if (error instanceof DamagedModelError) {
      throw new DermOrbitError('CHECKPOINT_TRUNCATED', `${basename(file)} is damaged: ${error.message}.`, {
        cause: error,
      });
    }
    if (error instanceof OnnxModelError) {
      throw new DermOrbitError('ONNX_OPERATOR', `This model cannot be read: ${error.message}.`, {
        cause: error,
      });
    }
    throw error;
  }
}

/** Not as a Buffer, whose slices are no copies. */
const plain = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

/** @throws DermOrbitError ONNX_EXTERNAL */
function requireBeside({ location }: ExternalPlace): void {
  if (/^[^/\\:\0]{1,255}$/.test(location) && location !== '.' && location !== '..') return;
  throw new DermOrbitError(
    'ONNX_EXTERNAL',
    `This model points to a file outside its own folder (${location.slice(0, 200)}). DermOrbit reads weights only from beside the model.`,
  );
}

/** @throws DermOrbitError ONNX_EXTERNAL, ONNX_EXTERNAL_MISSING */
async function readBeside(folder: string, name: string): Promise<Uint8Array> {
  const path = join(folder, name);
  const status = await lstat(path).catch(() => null);
  if (!status) {
    throw new DermOrbitError(
      'ONNX_EXTERNAL_MISSING',
      `The weights of this model are in ${name}, which is not beside it. Put both files in one folder.`,
    );
  }
  if (!status.isFile()) {
    throw new DermOrbitError(
      'ONNX_EXTERNAL',
      `${name} beside the model is no regular file; links are not followed.`,
    );
  }
  return readFile(path);
}

/** The size of the file that a Git LFS pointer stands for; null if the bytes are no pointer. */
export function pointedSize(bytes: Uint8Array): number | null {
  const text = new TextDecoder().decode(bytes.subarray(0, 400));
  if (!text.startsWith('version https://git-lfs')) return null;
  return Number(/^size (\d+)$/m.exec(text)?.[1] ?? 0);
}

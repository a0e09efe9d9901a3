// A safetensors file beside the checkpoint: what is wrong with it is told as that file's fault, not the checkpoint's.
import { basename } from 'node:path';
import type { ErrorCode } from '../../contract/error-texts/table.ts';
import { DermOrbitError } from '../../contract/errors.ts';

/**
 * Reads the bytes of an input file.
 * @param code what to call a file that is no safetensors file, or only a part of one
 * @throws DermOrbitError with that code, or as `read` throws
 */
export function asInput<T>(
  code: ErrorCode,
  path: string,
  bytes: Uint8Array,
  read: (bytes: Uint8Array) => T,
): T {
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof DermOrbitError && error.code.startsWith('CHECKPOINT_')) {
      throw new DermOrbitError(code, `${basename(path)}: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

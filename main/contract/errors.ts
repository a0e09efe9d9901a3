// The one error class of the product. Every failure a person can meet has a row in error-texts/ (code -> title and what
// to do); what happened, in the concrete case, is the message of the error. A new error is one row there.
import type { ErrorRecord } from './error-record.ts';
import { errorTexts, type ErrorCode } from './error-texts/table.ts';
import type { ErrorReader, ErrorText } from './error-texts/text.ts';

/**
 * What a person can do about an error, in the words of the surface they sit at. Records do not carry it: the
 * process where something fails does not know who will read of it.
 */
export function nextStep({ code }: { readonly code: ErrorCode }, reader: ErrorReader): string {
  const { action }: ErrorText = errorTexts[code];
  return typeof action === 'string' ? action : action[reader];
}

/** The one error class of the product. `message` says what happened; the title comes from the table. */
export class DermOrbitError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DermOrbitError';
    this.code = code;
  }

  get title(): string {
    return errorTexts[this.code].title;
  }

  toRecord(): ErrorRecord {
    return { code: this.code, title: this.title, message: this.message };
  }

  static fromRecord(record: ErrorRecord): DermOrbitError {
    return new DermOrbitError(record.code, record.message);
  }
}

/** How ONNX Runtime and V8 say that there is no memory left. */
const memoryMessages = /bad_alloc|out of memory|failed to allocate|array buffer allocation failed/i;

/** Any thrown value as a DermOrbitError: ours unchanged, memory that is used up as OUT_OF_MEMORY, aborts as CANCELLED, full disks as DISK_FULL. */
export function asDermOrbitError(thrown: unknown, fallback: ErrorCode = 'INTERNAL'): DermOrbitError {
  if (thrown instanceof DermOrbitError) return thrown;
  if (thrown instanceof Error) {
    if (thrown.name === 'AbortError')
      return new DermOrbitError('CANCELLED', 'The work was cancelled.', { cause: thrown });
    if ('code' in thrown && (thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT')) {
      return new DermOrbitError('DISK_FULL', thrown.message, { cause: thrown });
    }
    const lacksMemory = memoryMessages.test(thrown.message);
    return new DermOrbitError(lacksMemory ? 'OUT_OF_MEMORY' : fallback, thrown.message, { cause: thrown });
  }
  return new DermOrbitError(fallback, String(thrown));
}

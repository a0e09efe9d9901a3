// How the command line talks: results on standard output, everything else on standard error, colour on terminals.
import { stripVTControlCharacters, styleText } from 'node:util';
import { onInterruption } from '../base/process/command-child.ts';
import { asDermOrbitError, DermOrbitError, nextStep } from '../contract/errors.ts';
import { errorRecordSchema } from '../contract/error-record.ts';

type Style = Parameters<typeof styleText>[0];

/** Colours text for a stream that shows colour (a terminal, and NO_COLOR is not set). */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream });
}

/** A bar of `width` characters, filled for a share of 1. */
export function bar(share: number, width: number): string {
  const filled = Math.round(share * width);
  return '█'.repeat(filled) + '·'.repeat(width - filled);
}

/** Text from outside (paths, messages) without control characters that a terminal would obey. */
export function harmless(text: string): string {
  return stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}

/** Rows as columns of equal width; columns named in `right` are aligned right. */
export function table(rows: readonly (readonly string[])[], right: ReadonlySet<number> = new Set()): string {
  const widthOf = (cell: string) => stripVTControlCharacters(cell).length;
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => widthOf(row[column] ?? ''))),
  );
  const pad = (cell: string, column: number) => {
    const space = ' '.repeat(widths[column]! - widthOf(cell));
    return right.has(column) ? space + cell : cell + space;
  };
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

/** Writes a line to standard error: notes and errors never mix with results. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** An error as a person reads it: title and code, what happened, what to do. */
export function describeError(error: unknown): string {
  const { code, title, message } = asDermOrbitError(error);
  const action = nextStep({ code }, 'cli');
  return `${paint('red', title, process.stderr)} (${code})\n  ${harmless(message)}\n  ${action}`;
}

/** A value as the JSON that commands print: every error record in it, under the key `error`, says what to do. */
export function jsonText(value: unknown, indent?: number): string {
  const advised = (key: string, part: unknown) => {
    const error = errorRecordSchema.safeParse(part);
    return key === 'error' && error.success ? { ...error.data, action: nextStep(error.data, 'cli') } : part;
  };
  return JSON.stringify(value, advised, indent);
}

/** Ends a command that could not do its work. */
export function reportFatal(error: unknown): void {
  note(describeError(error));
  process.exitCode = asDermOrbitError(error).code === 'CANCELLED' ? 130 : 1;
}

/** A signal that Ctrl-C aborts (or a kill, or a closed terminal); a second one ends the process at once. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  onInterruption(() => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  });
  return controller.signal;
}

let unread = false;

/**
 * Whether what is printed no longer arrives anywhere: the reader has gone (`dermorbit classify --json | head`,
 * no error of ours), or standard output could not be written, which has been told already.
 */
export function isUnread(): boolean {
  return unread;
}

/** Lets a command finish its other work where its output is lost; to be called once, before any output. */
export function surviveLostOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!unread && error.code !== 'EPIPE') reportFatal(incompleteOutput(error));
    unread = true;
  });
  // There is nobody left to tell that standard error fails.
  process.stderr.on('error', () => undefined);
}

/** Other than a file of ours, what has been redirected into stays as it is when its disk is full: cut off somewhere. */
function incompleteOutput(error: NodeJS.ErrnoException): DermOrbitError {
  const full = asDermOrbitError(error).code === 'DISK_FULL';
  const message = `Standard output could not be written to its end: ${error.message}. What was written of it is incomplete.`;
  return new DermOrbitError(full ? 'OUTPUT_DISK_FULL' : 'WRITE_FAILED', message, { cause: error });
}

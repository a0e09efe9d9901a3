// Prediction records as a JSON document: the same array of records that the command line prints with --json.
import type { ClassificationRecord } from '../contract/record.ts';

/** One array of records, indented, with a final newline. */
export function recordsToJson(records: readonly ClassificationRecord[]): string {
  return `${JSON.stringify(records, null, 2)}\n`;
}

// The texts of a fairness experiment as CSV (RFC 4180), one row each. Pure.
import type { FairnessSample } from '../contract/fairness.ts';
import { csvText } from './csv.ts';

const columns = ['method', 'prompt', 'element', 'group', 'sample', 'prefix', 'text', 'label'] as const;

export function fairnessCsv(samples: readonly FairnessSample[]): string {
  return csvText([columns, ...samples.map((sample) => columns.map((column) => sample[column]))]);
}

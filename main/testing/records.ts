// A plausible record for tests of what is made from records. Nothing of it was computed.
import type { Classification } from '../contract/record.ts';
import { isicClasses } from '../contract/settings.ts';

function perClass(values: readonly number[]): Record<string, number> {
  return Object.fromEntries(isicClasses.map((code, index) => [code, values[index] ?? 0]));
}

/** A classification of `path` by equitune over c4, melanoma first; every field can be replaced. */
export function exampleRecord(path: string, changes: Partial<Classification> = {}): Classification {
  const probabilities = perClass([0.61, 0.2, 0.05, 0.04, 0.07, 0.02, 0.01]);
  const logits = perClass([2.1, 1, -0.4, -0.6, -0.1, -1.3, -2]);
  return {
    image: { path, sha256: 'ab'.repeat(32), width: 600, height: 450 },
    model: { id: 'dermorbit-base', sha256: 'cd'.repeat(32) },
    group: 'c4',
    method: 'equitune',
    level: 'feature',
    inverse: 'on',
    head: 'orbit',
    provider: 'cpu',
    probabilities,
    logits,
    malignant: 0.7,
    orientations: ([0, 90, 180, 270] as const).map((turn, element) => ({
      element,
      turn,
      mirror: false,
      weight: 0.25,
      probabilities: turn === 270 ? perClass([0.3, 0.5, 0.05, 0.05, 0.05, 0.03, 0.02]) : probabilities,
      logits,
    })),
    attention: null,
    stability: 0.75,
    milliseconds: 42.5,
    version: '0.1.0',
    ...changes,
  };
}

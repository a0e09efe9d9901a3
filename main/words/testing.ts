// Records made by hand for the tests of this folder.
import type { WorkItem } from '../contract/application.ts';
import type { Classification } from '../contract/record.ts';

/** A record whose orientations answer `tops` by themselves (0.8 each), under the answer `top` (0.7). */
export function recordOf(
  top: string,
  tops: readonly string[],
  rest: Partial<Classification> = {},
): Classification {
  const chance = (code: string, probability: number): Record<string, number> => {
    const others = ['MEL', 'NV', 'BCC'].filter((other) => other !== code);
    return Object.fromEntries([
      [code, probability],
      ...others.map((other) => [other, (1 - probability) / 2] as const),
    ]);
  };
  const turns = [0, 90, 180, 270] as const;
  const probabilities = chance(top, 0.7);
  return {
    image: { path: '/images/a.jpg', sha256: '00', width: 600, height: 450 },
    model: { id: 'm', sha256: '00' },
    group: 'c4',
    method: 'lambda',
    level: 'feature',
    inverse: 'on',
    head: 'orbit',
    provider: 'cpu',
    probabilities,
    logits: null,
    malignant: (probabilities.MEL ?? 0) + (probabilities.BCC ?? 0),
    orientations: tops.map((code, element) => ({
      element,
      turn: turns[element % 4] ?? 0,
      mirror: element >= 4,
      weight: 1 / tops.length,
      probabilities: chance(code, 0.8),
      logits: {},
    })),
    attention: null,
    stability: tops.filter((code) => code === top).length / tops.length,
    milliseconds: 10,
    version: '0',
    ...rest,
  };
}

/** A work item named after its place, with a record or without one. */
export function itemOf(place: number, record: WorkItem['record'] = null): WorkItem {
  return {
    id: `image-${String(place).padStart(10, '0')}`,
    name: `lesion ${place}.jpg`,
    folder: null,
    bytes: 1,
    origin: 'disk',
    record,
  };
}

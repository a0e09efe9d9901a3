import { describe, expect, it } from 'vitest';
import { combinerSchema, type CombinerName, type SettingsChoice } from '../contract/settings.ts';
import { combinerOf, hasFeatureMap, hasSpatialFrame, resolveSettings } from './settings.ts';

const every = new Set<CombinerName>(combinerSchema.options);
const nothing = new Set<CombinerName>();
const feature = { level: 'feature', inverse: 'on', head: 'orbit' } as const;
const answers = { inverse: 'off', head: 'plain' } as const;

describe('what is not chosen', () => {
  it.each<[string, SettingsChoice, ReadonlySet<CombinerName>, object]>([
    ['the default with a lambda net', {}, every, { group: 'c4', method: 'lambda', ...feature }],
    ['the default without networks', {}, nothing, { group: 'c4', method: 'equitune', ...feature }],
    [
      'the default with the embedding-level lambda alone',
      {},
      new Set(['lambdaEmbedding'] as const),
      { group: 'c4', method: 'equitune', ...feature },
    ],
    [
      'lambda with the embedding-level network alone',
      { method: 'lambda' },
      new Set(['lambdaEmbedding'] as const),
      { group: 'c4', method: 'lambda', level: 'embedding', ...answers },
    ],
    [
      'the embedding level without its lambda network',
      { level: 'embedding' },
      new Set(['lambda', 'attention'] as const),
      { method: 'equitune', level: 'embedding', ...answers },
    ],
    ['the embedding level with it', { level: 'embedding' }, every, { method: 'lambda', ...answers }],
    ['vanilla is the plain model', { method: 'vanilla' }, every, { level: 'feature', ...answers }],
    [
      'vanilla with the inverse keeps the plain head',
      { method: 'vanilla', inverse: 'on' },
      every,
      { inverse: 'on', head: 'plain' },
    ],
    ['vanilla, told otherwise', { method: 'vanilla', inverse: 'on', head: 'orbit' }, every, { ...feature }],
    ['no orbit head without a frame', { inverse: 'off' }, every, { inverse: 'off', head: 'plain' }],
    [
      'a head that is asked for stays',
      { inverse: 'off', head: 'orbit' },
      every,
      { inverse: 'off', head: 'orbit' },
    ],
    ['the plain head, asked for', { head: 'plain' }, every, { inverse: 'on', head: 'plain' }],
    [
      'tta combines no map, whatever is asked',
      { method: 'tta', inverse: 'on', head: 'orbit' },
      every,
      { level: 'feature', ...answers },
    ],
    ["equizero by the papers' score", { method: 'equizero' }, nothing, { score: 'probability' }],
    ['canonical by maps', { method: 'canonical' }, every, { scorer: 'feature', ...feature }],
    [
      'canonical by the scorer that the model has',
      { method: 'canonical' },
      new Set(['canonicalImage'] as const),
      { scorer: 'image' },
    ],
    [
      'the embedding level combines no map, whatever is asked',
      { method: 'equitune', level: 'embedding', inverse: 'on', head: 'orbit' },
      every,
      { level: 'embedding', ...answers },
    ],
  ])('%s', (_, choice, available, expected) => {
    expect(resolveSettings(choice, available)).toMatchObject(expected);
  });
});

it.each<[SettingsChoice, CombinerName]>([
  [{ method: 'lambda' }, 'lambda'],
  [{ method: 'lambda', level: 'embedding' }, 'lambdaEmbedding'],
  [{ method: 'attention' }, 'attention'],
  [{ method: 'attention', level: 'embedding' }, 'attention'],
  [{ method: 'canonical', scorer: 'feature' }, 'canonical'],
  [{ method: 'canonical', level: 'embedding', scorer: 'feature' }, 'canonical'],
  [{ method: 'canonical', scorer: 'image' }, 'canonicalImage'],
  [{ method: 'equizero', score: 'distance' }, 'distance'],
])('%o needs the network %s', (choice, combiner) => {
  const without = new Set([...every].filter((name) => name !== combiner));
  // lambda with only the other lambda network switches level, unless the level was asked for.
  const asked = { level: 'feature', ...choice } as const;
  expect(() => resolveSettings(asked, without)).toThrow(
    expect.objectContaining({
      code: 'COMBINER_MISSING',
      // By the name that a combiner file gives it.
      message: expect.stringContaining(
        { lambdaEmbedding: 'lambda_embedding', canonicalImage: 'canonical_image' }[combiner as string] ??
          combiner,
      ) as string,
    }),
  );
  expect(combinerOf(resolveSettings(asked, every))).toBe(combiner);
});

it('a frame is where a combined map is turned back, or nothing was turned', () => {
  const settings = resolveSettings({}, every);
  expect(hasSpatialFrame(settings)).toBe(true);
  expect(hasSpatialFrame({ ...settings, inverse: 'off' })).toBe(false);
  expect(hasSpatialFrame(resolveSettings({ method: 'vanilla' }, every))).toBe(true);
  expect(hasSpatialFrame({ ...settings, level: 'embedding' })).toBe(false);
  expect(hasFeatureMap({ method: 'tta', level: 'feature' })).toBe(false);
});

it.each<SettingsChoice>([
  { method: 'lambda', scorer: 'image' },
  { method: 'canonical', score: 'energy' },
  { method: 'equizero', level: 'embedding', score: 'energy' },
])('%o: what belongs to another method is refused', (choice) => {
  expect(() => resolveSettings(choice, every)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
});

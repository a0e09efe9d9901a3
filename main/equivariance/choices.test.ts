import { describe, expect, it } from 'vitest';
import type { CombinerName } from '../contract/settings.ts';
import {
  changedChoice,
  decideSettings,
  isInvariant,
  madeOtherwise,
  offeredMethods,
  resolveSettings,
  settingApplies,
} from './settings.ts';

const only = (...names: CombinerName[]) => new Set(names);

describe('isInvariant', () => {
  const base = { group: 'c4', method: 'lambda', level: 'feature', inverse: 'on', head: 'orbit' } as const;
  it.each([
    [base, true],
    [{ ...base, head: 'plain' }, false],
    [{ ...base, head: 'plain', inverse: 'off' }, true],
    [{ ...base, method: 'vanilla' }, false],
    [{ ...base, method: 'tta' }, true],
    [{ ...base, level: 'embedding', head: 'plain' }, true],
    [{ ...base, group: 'c1' }, false],
  ] as const)('%o: %s', (settings, invariant) => {
    expect(isInvariant(settings)).toBe(invariant);
  });

  it('offers only the settings that a method has', () => {
    expect(settingApplies('level', { ...base, method: 'attention' })).toBe(false);
    expect(settingApplies('head', { ...base, inverse: 'off' })).toBe(false);
    expect(settingApplies('inverse', { ...base, level: 'embedding' })).toBe(false);
    expect(settingApplies('head', base)).toBe(true);
    expect(settingApplies('head', { ...base, method: 'vanilla' })).toBe(false);
    expect(settingApplies('inverse', { ...base, method: 'tta' })).toBe(false);
    expect(settingApplies('level', base)).toBe(true);
    // With or without inverse, whether to turn back is the person's choice.
    expect(settingApplies('inverse', { ...base, inverse: 'off' })).toBe(true);
  });
});

describe('choices', () => {
  it('shows what the engine will decide', () => {
    expect(decideSettings({}, ['lambda'])).toEqual({
      group: 'c4',
      method: 'lambda',
      level: 'feature',
      inverse: 'on',
      head: 'orbit',
    });
    expect(decideSettings({}, []).method).toBe('equitune');
    expect(decideSettings({ method: 'vanilla' }, [])).toMatchObject({ inverse: 'off', head: 'plain' });
    expect(decideSettings({ inverse: 'off' }, [])).toMatchObject({ inverse: 'off', head: 'plain' });
  });

  it('drops what does not belong to the changed setting', () => {
    const before = { group: 'd4', method: 'lambda', inverse: 'on', head: 'plain' } as const;
    expect(changedChoice(before, { method: 'equitune' })).toEqual({ group: 'd4', method: 'equitune' });
    expect(changedChoice(before, { inverse: 'off' })).toEqual({
      group: 'd4',
      method: 'lambda',
      inverse: 'off',
    });
    expect(changedChoice(before, { level: 'embedding' })).toEqual({
      group: 'd4',
      method: 'lambda',
      level: 'embedding',
    });
    expect(changedChoice(before, { group: 'c2' })).toEqual({ ...before, group: 'c2' });
    // Another method starts at its own level.
    const embedding = { method: 'lambda', level: 'embedding' } as const;
    expect(changedChoice(embedding, { method: 'equitune' })).toStrictEqual({ method: 'equitune' });
    expect(changedChoice(embedding, { group: 'c2' })).toStrictEqual({ group: 'c2', ...embedding });
    // What is not chosen is not there: settings files and requests hold choices only.
    expect(Object.keys(changedChoice({}, { group: 'c2' }))).toEqual(['group']);
    const canonical = { method: 'canonical', scorer: 'image' } as const;
    expect(changedChoice(canonical, { level: 'embedding' })).toEqual({ ...canonical, level: 'embedding' });
    expect(changedChoice(canonical, { method: 'equizero' })).toEqual({ method: 'equizero' });
    const energy = { method: 'equizero', score: 'energy' } as const;
    expect(changedChoice(energy, { head: 'plain' })).toEqual({ ...energy, head: 'plain' });
    expect(changedChoice(energy, { level: 'embedding' })).toEqual({ method: 'equizero', level: 'embedding' });
  });

  it('knows records that were made otherwise', () => {
    const expected = decideSettings({}, ['lambda']);
    const record = { ...expected, prior: undefined };
    expect(madeOtherwise(record, {}, expected)).toBe(false);
    expect(madeOtherwise({ ...record, group: 'd4' }, {}, expected)).toBe(true);
    expect(madeOtherwise({ ...record, method: 'equitune' }, {}, expected)).toBe(true);
    expect(madeOtherwise({ ...record, head: 'plain' }, { head: 'orbit' }, expected)).toBe(true);
    const equizero = decideSettings({ method: 'equizero' }, []);
    const written = { ...equizero, prior: undefined };
    delete written.score;
    expect(madeOtherwise(written, { score: 'probability' }, equizero)).toBe(false);
    expect(madeOtherwise(written, { score: 'energy' }, equizero)).toBe(true);
    const even = { name: 'balanced', shares: { A: 0.5, B: 0.5 } } as const;
    expect(madeOtherwise({ ...record, prior: even }, {}, expected)).toBe(false);
    const clinic = { ...expected, prior: { A: 0.2, B: 0.8 } };
    expect(madeOtherwise({ ...record, prior: even }, {}, clinic)).toBe(true);
    const used = { name: 'custom', shares: { A: 0.2, B: 0.8 } } as const;
    expect(madeOtherwise({ ...record, prior: used }, {}, clinic)).toBe(false);
    expect(madeOtherwise({ ...record, prior: used }, {}, { ...expected, prior: 'training' })).toBe(true);
    // The engine decided otherwise than expected, and the person did not ask for either.
    expect(madeOtherwise({ ...record, level: 'embedding' }, {}, expected)).toBe(false);
  });
});

describe('a model whose only weight network is the embedding-level lambda', () => {
  const combiners = ['lambdaEmbedding'] as const;

  it('offers lambda, at embedding level', () => {
    expect(offeredMethods(combiners)).toEqual(['vanilla', 'tta', 'equitune', 'equizero', 'lambda']);
    expect(decideSettings({ method: 'lambda' }, combiners).level).toBe('embedding');
  });

  it.each([{}, { method: 'lambda' }, { level: 'embedding' }, { group: 'd4' }] as const)(
    'what the page expects of %o is what the engine does, so that no result is out of date for ever',
    (choice) => {
      const expected = decideSettings(choice, combiners);
      const record = { ...resolveSettings(choice, only(...combiners)), prior: undefined };
      expect(record).toEqual(expected);
      expect(madeOtherwise(record, choice, expected)).toBe(false);
    },
  );

  it('cannot be asked for lambda at feature level', () => {
    expect(() => resolveSettings({ method: 'lambda', level: 'feature' }, only(...combiners))).toThrow(
      expect.objectContaining({ code: 'COMBINER_MISSING' }),
    );
  });
});

it('the methods that are offered are those that have their network', () => {
  expect(offeredMethods([])).toEqual(['vanilla', 'tta', 'equitune', 'equizero']);
  expect(offeredMethods(['canonicalImage'])).toContain('canonical');
  expect(offeredMethods(['attention'])).toEqual(['vanilla', 'tta', 'equitune', 'equizero', 'attention']);
});

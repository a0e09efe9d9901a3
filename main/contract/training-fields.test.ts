// The table of fields and what is made of it: every kind's configuration is whole, its defaults are allowed, and a value
// that its control does not take is refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStages, rangeText, schemaOf, valueText, type Control } from './controls.ts';
import { changeableFields, fieldAt, fieldsOf, valueAt, withValue } from './training-config.ts';
import { scratchDefaults, trainingDefaults } from './training-defaults.ts';
import { trainKinds } from './training-fields.ts';
import { runChangesSchema } from './training-runs.ts';
import { configSchemas, type TrainingConfig } from './training.ts';

describe.each(trainKinds)('the fields of %s', (kind) => {
  const config: TrainingConfig = trainingDefaults[kind];
  const fields = fieldsOf(kind);

  it('are a whole configuration, whose defaults are allowed', () => {
    const paths = fields.map(({ path }) => path);
    for (const path of paths) expect(valueAt(config, path), path).not.toBeUndefined();
    const entered = new Set(paths.map((path) => path.split('.')[0]));
    expect(Object.keys(config).filter((name) => !entered.has(name))).toEqual([]);
    expect(new Set(paths).size).toBe(paths.length);
    expect(configSchemas[kind].parse(config)).toEqual(config);
    expect(configSchemas[kind].safeParse({ ...config, unknown: 1 }).success).toBe(false);
  });

  it('are read from runs of versions that lacked some of them', () => {
    const known = fields.filter(({ before }) => before !== undefined);
    const added = new Set(known.map(({ path }) => path.split('.').at(-1)!));
    const earlier = JSON.stringify(config, (name, value: unknown) => (added.has(name) ? undefined : value));
    const read = configSchemas[kind].parse(JSON.parse(earlier));
    for (const { path, before } of known) expect(valueAt(read, path), path).toEqual(before);
  });

  it('have names of their own, on the command line, too', () => {
    const options = fields.map(({ path }) => path.split('.').at(-1));
    expect(new Set(options).size).toBe(options.length);
    expect(new Set(fields.map(({ name }) => name)).size).toBe(fields.length);
  });

  it('each refuse what they do not take, by their path', () => {
    for (const { path } of fields) {
      const { error } = configSchemas[kind].safeParse(withValue(config, path, 'no such value'));
      expect(fieldAt(kind, error?.issues[0]?.path.join('.') ?? '')?.path, path).toBe(path);
    }
  });

  it('that may change when a run goes on are those of every kind', () => {
    for (const { path } of changeableFields()) expect(fieldAt(kind, path)?.changeable, path).toBe(true);
    expect(fields.filter(({ changeable }) => changeable).length).toBe(changeableFields().length);
  });
});

it('a run goes on with any of its own settings that may change, and with no other', () => {
  const { rounds, learningRate, clip, patience } = scratchDefaults;
  const changes = { rounds, learningRate, clip, patience };
  expect(runChangesSchema.parse(changes)).toEqual(changes);
  expect(runChangesSchema.parse({})).toEqual({});
  expect(runChangesSchema.safeParse({ batch: 1 }).success).toBe(false);
});

describe('a control', () => {
  it('takes numbers within its bounds and no others', () => {
    const bound = fc.double({ min: -100, max: 100, noNaN: true });
    fc.assert(
      fc.property(bound, bound, bound, fc.boolean(), (one, other, value, open) => {
        const [low, to] = [Math.min(one, other), Math.max(one, other)];
        const control: Control = { type: 'number', to, ...(open ? { above: low } : { from: low }) };
        const fits = (open ? value > low : value >= low) && value <= to;
        expect(schemaOf(control).safeParse(value).success).toBe(fits);
      }),
    );
    expect(schemaOf({ type: 'number' }).safeParse(Number.NaN).success).toBe(false);
    expect(schemaOf({ type: 'number' }).safeParse(null).success).toBe(false);
    expect(schemaOf({ type: 'number', none: 'never' }).safeParse(null).success).toBe(true);
  });

  it('says in words what it takes', () => {
    expect(rangeText({ type: 'number', from: 0, to: 1 })).toBe('0 to 1');
    expect(rangeText({ type: 'number', above: 0, none: 'no bound' })).toBe('above 0, 0: no bound');
    expect(rangeText({ type: 'number', from: 64, to: 1024, whole: true, multipleOf: 32 })).toBe(
      '64 to 1024, a multiple of 32',
    );
  });

  it('reads stages as it writes them', () => {
    const stages = [
      { size: 64, rounds: 12 },
      { size: 96, rounds: 10 },
    ];
    const control = fieldAt('scratch', 'smallerFirst')!.control;
    expect(parseStages(valueText(control, stages))).toEqual(stages);
    expect(parseStages('')).toEqual([]);
    expect(parseStages('64')[0]?.rounds).toBeNaN();
    expect(schemaOf(control).safeParse(parseStages('64:1:2')).success).toBe(false);
  });
});

it('changes a value at any depth and nothing else', () => {
  const changed = withValue(scratchDefaults, 'augmentation.crop.1', 0.9);
  expect(changed).toEqual({
    ...scratchDefaults,
    augmentation: { ...scratchDefaults.augmentation, crop: [0.7, 0.9] },
  });
  expect(Array.isArray(valueAt(changed, 'augmentation.crop'))).toBe(true);
  expect(scratchDefaults.augmentation.crop).toEqual([0.7, 1.05]);
});

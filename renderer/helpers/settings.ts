// What settings mean: which make an answer that cannot change when the picture is turned, which belong to which
// method, and what a change of one does to the others. Pure. The rules are docs/METHODS.md, "What is exact, and what is not".
import type { Method, Settings, SettingsChoice } from '../../main/contract/settings.ts';

/** Methods that exist at embedding level as well as at feature level. */
const embeddingMethods: ReadonlySet<Method> = new Set(['equitune', 'equizero', 'lambda']);

/** Whether a method leaves this setting to the person at all. */
export function settingApplies(setting: 'level' | 'inverse' | 'head', settings: Settings): boolean {
  if (settings.method === 'vanilla' || settings.method === 'tta') return false;
  if (setting === 'level') return embeddingMethods.has(settings.method);
  if (settings.level === 'embedding') return false;
  // The orbit head averages over turns of a map in the frame of the image, which only the inverse gives.
  return setting === 'inverse' || settings.inverse === 'on';
}

/** Whether the prediction is the same for every picture of the orbit, exactly (up to rounding). */
export function isInvariant(settings: Settings): boolean {
  if (settings.group === 'c1' || settings.method === 'vanilla') return false;
  if (settings.method === 'tta' || settings.level === 'embedding') return true;
  return settings.inverse === 'off' || settings.head === 'orbit';
}

/** The settings that the engine will decide on, for switches to show before the first answer is there. */
export function expectedSettings(choice: SettingsChoice, methods: readonly string[]): Settings {
  const method = choice.method ?? (methods.includes('lambda') ? 'lambda' : 'equitune');
  const settings = { group: choice.group ?? 'c4', method, level: choice.level ?? 'feature' } as const;
  if (method === 'tta' || settings.level === 'embedding')
    return { ...settings, inverse: 'off', head: 'plain' };
  const inverse = choice.inverse ?? (method === 'vanilla' ? 'off' : 'on');
  return {
    ...settings,
    inverse,
    head: choice.head ?? (inverse === 'on' && method !== 'vanilla' ? 'orbit' : 'plain'),
  };
}

/** A choice with one change: what does not belong to the changed setting goes back to its default. */
export function changedChoice(before: SettingsChoice, change: SettingsChoice): SettingsChoice {
  const { group, method, level, inverse, head } = { ...before, ...change };
  if (change.method !== undefined || level === 'embedding') {
    return defined({ group, method, level: change.method === undefined ? level : undefined });
  }
  return defined({ group, method, level, inverse, head: inverse === 'off' ? undefined : head });
}

function defined(choice: SettingsChoice): SettingsChoice {
  return Object.fromEntries(Object.entries(choice).filter(([, value]) => value !== undefined));
}

/** Whether a record was made with other settings than those chosen. */
export function madeOtherwise(record: Settings, choice: SettingsChoice, expected: Settings): boolean {
  if (record.group !== expected.group || record.method !== expected.method) return true;
  return (['level', 'inverse', 'head'] as const).some(
    (setting) =>
      settingApplies(setting, expected) &&
      choice[setting] !== undefined &&
      choice[setting] !== record[setting],
  );
}

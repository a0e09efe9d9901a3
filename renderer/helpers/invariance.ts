// Which settings make an answer that cannot change when the picture is turned, and which keep a map. Pure.
// The rule is docs/METHODS.md, "What is exact, and what is not".
import type { Method, Settings } from '../../main/contract/settings.ts';

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

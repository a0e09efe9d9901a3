// From what a person chose to what is computed: every setting decided, which of them make an answer that cannot change
// when the picture is turned, and what a change of one does to the others. Engine and page ask the same functions. Pure.
// The rules are docs/METHODS.md, "What is exact, and what is not".
import type { Prior, PriorChoice } from '../contract/calibration.ts';
import { DermOrbitError } from '../contract/errors.ts';
import {
  methodSchema,
  scorerSchema,
  scoreSchema,
  type CombinerName,
  type Method,
  type Settings,
  type SettingsChoice,
} from '../contract/settings.ts';
import { methods, type Combination } from './methods.ts';

/** Whether a combined feature map is made at all: tta and the embedding level have none. */
export function hasFeatureMap({ method, level }: Pick<Settings, 'method' | 'level'>): boolean {
  return level === 'feature' && !methods[method].averagesProbabilities;
}

/** The weight network that the settings ask; null if none. */
export function combinerOf({ method, ...variant }: Combination): CombinerName | null {
  return methods[method].combiner(variant);
}

/** The networks by the names that combiner files give them. */
const networkNames: Readonly<Record<CombinerName, string>> = {
  lambda: 'lambda',
  attention: 'attention',
  lambdaEmbedding: 'lambda_embedding',
  canonical: 'canonical',
  canonicalImage: 'canonical_image',
  distance: 'feature_distance',
};

/**
 * Decides every setting. Defaults: group c4; lambda where the model has its network for the level, else equitune; feature
 * level (embedding, if that is the only lambda network); inverse on with the orbit head, the one pair that is invariant
 * and keeps the spatial frame (METHODS.md, "What is exact"). Vanilla is the plain model unless told otherwise.
 * Where no feature map is combined there is neither inverse nor head, and the record says off and plain.
 * A model without a map is asked at embedding level where the method has one.
 * @param available the weight networks that the model brings; that of the method may be missing (`resolveSettings`)
 * @param map whether the model has a feature map
 */
export function decideSettings(
  choice: SettingsChoice,
  available: readonly CombinerName[],
  map = true,
): Settings {
  const usualLevel = map ? 'feature' : 'embedding';
  const defaultNetwork = combinerOf({ method: 'lambda', level: choice.level ?? usualLevel })!;
  const method = choice.method ?? (available.includes(defaultNetwork) ? 'lambda' : 'equitune');
  const onlyEmbedding =
    method === 'lambda' && !available.includes('lambda') && available.includes('lambdaEmbedding');
  const atEmbedding = onlyEmbedding || (!map && methods[method].levels.includes('embedding'));
  const level = choice.level ?? (atEmbedding ? 'embedding' : 'feature');
  const group = choice.group ?? 'c4';
  const prior = choice.prior === undefined ? {} : { prior: choice.prior };
  const chosen = { group, method, level, ...variantOf(method, level, choice, available), ...prior };
  if (!hasFeatureMap(chosen)) return { ...chosen, inverse: 'off', head: 'plain' };
  const inverse = choice.inverse ?? (method === 'vanilla' ? 'off' : 'on');
  const head = choice.head ?? (inverse === 'on' && method !== 'vanilla' ? 'orbit' : 'plain');
  return { ...chosen, inverse, head };
}

/** canonical's scorer (that of the network which the model brings), equizero's score (the papers' probability). */
function variantOf(
  method: Method,
  level: Settings['level'],
  { scorer, score }: SettingsChoice,
  available: readonly CombinerName[],
): Pick<Settings, 'scorer' | 'score'> {
  if (method === 'canonical') {
    const onlyImage = !available.includes('canonical') && available.includes('canonicalImage');
    return { scorer: scorer ?? (onlyImage ? 'image' : 'feature') };
  }
  return method === 'equizero' && level === 'feature' ? { score: score ?? 'probability' } : {};
}

/**
 * The settings that `decideSettings` decides on, which the model can then compute.
 * @throws DermOrbitError COMBINER_MISSING if the model lacks the method's network, MAP_MISSING if it lacks a map; OPTION_INVALID for a scorer or a score
 *   of a method that has none
 */
export function resolveSettings(
  choice: SettingsChoice,
  available: Iterable<CombinerName>,
  map = true,
): Settings {
  const networks = [...available];
  const settings = decideSettings(choice, networks, map);
  const { method, level } = settings;
  requireOwnVariant(choice, settings);
  if (!map && !worksWithoutMap(settings)) {
    throw new DermOrbitError(
      'MAP_MISSING',
      `The model has no feature map, which ${method} at ${level} level combines.`,
    );
  }
  const combiner = combinerOf(settings);
  if (combiner && !networks.includes(combiner)) {
    throw new DermOrbitError(
      'COMBINER_MISSING',
      `The model has no ${networkNames[combiner]} network, which ${method} at ${level} level needs.`,
    );
  }
  return settings;
}

/** What belongs to one method is refused with another: a person would believe that it counted. */
function requireOwnVariant({ scorer, score }: SettingsChoice, settings: Settings): void {
  if (scorer !== undefined && settings.scorer === undefined) {
    throw new DermOrbitError('OPTION_INVALID', `A scorer belongs to canonical; ${settings.method} has none.`);
  }
  if (score !== undefined && settings.score === undefined) {
    const where = `${settings.method} at ${settings.level} level`;
    throw new DermOrbitError(
      'OPTION_INVALID',
      `A score belongs to equizero at feature level; ${where} has none.`,
    );
  }
}

/** The variants of a method at a level: one for each scorer or score, or the one that it is. */
export function methodVariants(
  method: Method,
  level: Settings['level'],
): readonly Pick<Settings, 'scorer' | 'score'>[] {
  if (method === 'canonical') return scorerSchema.options.map((scorer) => ({ scorer }));
  if (method === 'equizero' && level === 'feature') return scoreSchema.options.map((score) => ({ score }));
  return [{}];
}

/** Whether nothing is combined but embeddings and answers; the plain model combines nothing at all. */
function worksWithoutMap({ method, level }: Pick<Settings, 'method' | 'level'>): boolean {
  return method === 'vanilla' || !hasFeatureMap({ method, level });
}

/** The methods that a model with these weight networks, and with or without a map, can compute, at some level and with some scorer. */
export function offeredMethods(available: readonly CombinerName[], map = true): Method[] {
  return methodSchema.options.filter((method) =>
    methods[method].levels.some(
      (level) =>
        (map || worksWithoutMap({ method, level })) &&
        methodVariants(method, level).some((variant) => isOffered({ method, level, ...variant }, available)),
    ),
  );
}

/** Whether a model with these networks can compute it. */
export function isOffered(combination: Combination, available: readonly CombinerName[]): boolean {
  const combiner = combinerOf(combination);
  return combiner === null || available.includes(combiner);
}

/** Settings that only some methods have, beside the group. */
export type MethodSetting = 'level' | 'scorer' | 'score' | 'inverse' | 'head';

/** Whether a method leaves this setting to the person at all. */
export function settingApplies(setting: MethodSetting, settings: Settings): boolean {
  if (setting === 'scorer' || setting === 'score') return settings[setting] !== undefined;
  if (settings.method === 'vanilla' || settings.method === 'tta') return false;
  if (setting === 'level') return methods[settings.method].levels.length > 1;
  if (settings.level === 'embedding') return false;
  // The orbit head averages over turns of a map in the frame of the image, which only the inverse gives.
  return setting === 'inverse' || settings.inverse === 'on';
}

/** Whether the prediction is the same for every picture of the orbit, exactly (up to rounding). */
export function isInvariant(settings: Omit<Settings, 'prior'>): boolean {
  if (settings.group === 'c1' || settings.method === 'vanilla') return false;
  if (!hasFeatureMap(settings)) return true;
  return settings.inverse === 'off' || settings.head === 'orbit';
}

/** A choice with one change: what does not belong to the changed setting goes back to its default. */
export function changedChoice(before: SettingsChoice, change: SettingsChoice): SettingsChoice {
  const { group, method, level, inverse, head, scorer, score, prior } = { ...before, ...change };
  if (change.method !== undefined) return defined({ group, method, prior });
  if (level === 'embedding') return defined({ group, method, level, scorer, prior });
  return defined({
    group,
    method,
    level,
    scorer,
    score,
    prior,
    inverse,
    head: inverse === 'off' ? undefined : head,
  });
}

function defined(choice: SettingsChoice): SettingsChoice {
  return Object.fromEntries(Object.entries(choice).filter(([, value]) => value !== undefined));
}

/** The settings of a record, with the prior as it was used. */
type Made = Omit<Settings, 'prior'> & { readonly prior?: Prior | undefined };

/** Whether a prior that was used is the chosen one; nothing chosen is balanced, or the model's own probabilities. */
function isPrior(used: Prior | undefined, chosen: PriorChoice = 'balanced'): boolean {
  if (typeof chosen === 'string') return (used?.name ?? 'balanced') === chosen;
  return (
    used?.name === 'custom' && Object.entries(chosen).every(([code, share]) => used.shares[code] === share)
  );
}

/**
 * Whether a record was made with other settings than those chosen.
 * @param expected what `decideSettings` decides from the choice and the model
 */
export function madeOtherwise(record: Made, choice: SettingsChoice, expected: Settings): boolean {
  if (record.group !== expected.group || record.method !== expected.method) return true;
  if (!isPrior(record.prior, expected.prior)) return true;
  return (['level', 'scorer', 'score', 'inverse', 'head'] as const).some(
    (setting) =>
      settingApplies(setting, expected) &&
      choice[setting] !== undefined &&
      choice[setting] !== (record[setting] ?? (setting === 'score' ? 'probability' : undefined)),
  );
}

/** What sets settings apart from others of their method: `image scorer, inverse off, plain head`; empty for the bare ones. */
export function variantWords(settings: Omit<Settings, 'prior'>): string {
  const { method, level, inverse, head, scorer, score } = settings;
  if (method === 'vanilla' || method === 'tta') return '';
  const combined = level === 'embedding' ? 'embedding level' : `inverse ${inverse}, ${head} head`;
  if (scorer !== undefined) return `${scorer} scorer, ${combined}`;
  return score === undefined || score === 'probability' ? combined : `by ${score}, ${combined}`;
}

/** Whether the combined map stands in the frame of the input, so that a map of evidence means something. */
export function hasSpatialFrame(settings: Settings): boolean {
  return hasFeatureMap(settings) && (settings.inverse === 'on' || settings.method === 'vanilla');
}

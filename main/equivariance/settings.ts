// From what a person chose to what is computed: every setting decided. Pure.
import { DermOrbitError } from '../contract/errors.ts';
import type { Settings, SettingsChoice } from '../contract/settings.ts';
import { methods, type CombinerName } from './methods.ts';

/** Whether a combined feature map is made at all: tta and the embedding level have none. */
export function hasFeatureMap({ method, level }: Pick<Settings, 'method' | 'level'>): boolean {
  return level === 'feature' && !methods[method].averagesProbabilities;
}

/** The weight network that the settings ask; null if none. */
export function combinerOf({ method, level }: Pick<Settings, 'method' | 'level'>): CombinerName | null {
  return methods[method].combiner[level];
}

/** The networks by the names that combiner files give them. */
const networkNames: Readonly<Record<CombinerName, string>> = {
  lambda: 'lambda',
  attention: 'attention',
  lambdaEmbedding: 'lambda_embedding',
};

/**
 * Decides every setting. Defaults: group c4; lambda where the model has its network for the level, else equitune; feature level
 * (embedding, if that is the only lambda network); inverse on with the orbit head, the one pair that is invariant
 * and keeps the spatial frame (METHODS.md, "What is exact"). Vanilla is the plain model unless told otherwise.
 * Where no feature map is combined there is neither inverse nor head, and the record says off and plain.
 * @param available the weight networks that the model brings
 * @throws DermOrbitError COMBINER_MISSING if the model lacks the method's network
 */
export function resolveSettings(choice: SettingsChoice, available: ReadonlySet<CombinerName>): Settings {
  const defaultNetwork = methods.lambda.combiner[choice.level ?? 'feature']!;
  const method = choice.method ?? (available.has(defaultNetwork) ? 'lambda' : 'equitune');
  const onlyEmbedding = method === 'lambda' && !available.has('lambda') && available.has('lambdaEmbedding');
  const level = choice.level ?? (onlyEmbedding ? 'embedding' : 'feature');
  const combiner = combinerOf({ method, level });
  if (combiner && !available.has(combiner)) {
    throw new DermOrbitError(
      'COMBINER_MISSING',
      `The model has no ${networkNames[combiner]} network, which ${method} at ${level} level needs.`,
    );
  }
  const group = choice.group ?? 'c4';
  if (!hasFeatureMap({ method, level })) return { group, method, level, inverse: 'off', head: 'plain' };
  const inverse = choice.inverse ?? (method === 'vanilla' ? 'off' : 'on');
  const head = choice.head ?? (inverse === 'on' && method !== 'vanilla' ? 'orbit' : 'plain');
  return { group, method, level, inverse, head };
}

/** Whether the combined map stands in the frame of the input, so that a map of evidence means something. */
export function hasSpatialFrame(settings: Settings): boolean {
  return hasFeatureMap(settings) && (settings.inverse === 'on' || settings.method === 'vanilla');
}

// One prediction from an image's orbit: asks the networks that the settings need, combines, and answers. The only
// place where settings meet networks; everything that computes is in main/equivariance.
import { DermOrbitError } from '../contract/errors.ts';
import type { CombinerName, Settings } from '../contract/settings.ts';
import { combineCompanions, combineFeatures, headEmbedding } from '../equivariance/combine.ts';
import { argmax, classLogits, softmax } from '../equivariance/logits.ts';
import { methods, stability, type OrbitReadings, type OrbitWeights } from '../equivariance/methods.ts';
import { combinerOf, hasFeatureMap } from '../equivariance/settings.ts';
import { groups, type Group } from '../groups/groups.ts';
import type { ImageOrbit } from './orbit.ts';

/** A prediction in numbers by class index; records name the classes. */
export interface Prediction extends OrbitWeights {
  readonly probabilities: readonly number[];
  /** Null where probabilities are averaged. */
  readonly logits: readonly number[] | null;
  /** Own logits of each orientation, [n][K]. */
  readonly orientationLogits: readonly (readonly number[])[];
  readonly stability: number;
}

/** Logit rule of the embedding level: normalised embeddings, the model's scale. */
const embeddingLevelRule = (scale: number) => ({ normalize: true, scale });

/** What the head and the named weight networks say of each orientation. */
export async function readOrbit(
  orbit: ImageOrbit,
  group: Group,
  combiners: ReadonlySet<CombinerName | null>,
): Promise<OrbitReadings> {
  const { manifest, classEmbeddings } = orbit.model;
  const embeddings = await orbit.embeddings(group);
  const embeddingRule = embeddingLevelRule(manifest.logits.scale);
  const attention = combiners.has('attention') ? await orbit.attention(group) : null;
  return {
    logits: embeddings.map((embedding) => classLogits(embedding, classEmbeddings, manifest.logits)),
    normalizedLogits: embeddings.map((embedding) => classLogits(embedding, classEmbeddings, embeddingRule)),
    lambda: combiners.has('lambda') ? await orbit.lambda(group) : undefined,
    lambdaEmbedding: combiners.has('lambdaEmbedding') ? await orbit.lambdaEmbedding(group) : undefined,
    queries: attention?.queries,
    keys: attention?.keys,
  };
}

/** The weights of the settings, and the combined map [C, s, s]. */
export async function weighAndCombine(
  orbit: ImageOrbit,
  settings: Settings,
  readings: OrbitReadings,
): Promise<OrbitWeights & { readonly combined: Float32Array }> {
  const group = groups[settings.group];
  const { size } = orbit.model.manifest.features;
  const { weights, attention } = methods[settings.method].featureWeights(readings);
  const combined = combineFeatures(group, await orbit.features(group), weights, size, settings.inverse);
  return { weights, attention, combined };
}

/**
 * Predicts.
 * @throws DermOrbitError COMBINER_MISSING, INFERENCE_FAILED (also where a result is not a number)
 */
export async function predict(orbit: ImageOrbit, settings: Settings): Promise<Prediction> {
  const group = groups[settings.group];
  const readings = await readOrbit(orbit, group, new Set([combinerOf(settings)]));
  if (!hasFeatureMap(settings)) {
    const answer = methods[settings.method].embeddingAnswer(readings);
    return finish({ ...answer, logits: null }, readings);
  }
  const { weights, attention, combined } = await weighAndCombine(orbit, settings, readings);
  const { manifest, classEmbeddings } = orbit.model;
  const companion = combineCompanions(await orbit.companions(group), weights);
  const { elements } = settings.head === 'plain' ? groups.c1 : group;
  const embeddings = await orbit.model.answers(combined, companion, elements);
  const embedding = headEmbedding(embeddings, manifest.embedding);
  const logits = classLogits(embedding, classEmbeddings, manifest.logits);
  return finish({ weights, attention, logits, probabilities: softmax(logits) }, readings);
}

function finish(
  answer: Omit<Prediction, 'stability' | 'orientationLogits'>,
  readings: OrbitReadings,
): Prediction {
  requireNumbers(answer.probabilities);
  const topClass = argmax(answer.probabilities);
  return { ...answer, orientationLogits: readings.logits, stability: stability(readings, topClass) };
}

/** @throws DermOrbitError INFERENCE_FAILED */
export function requireNumbers(probabilities: readonly number[]): void {
  if (!probabilities.every(Number.isFinite)) {
    throw new DermOrbitError('INFERENCE_FAILED', 'The model answered with something that is not a number.');
  }
}

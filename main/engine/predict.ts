// One prediction from an image's orbit: asks the networks that the settings need, combines, and answers. The only
// place where settings meet networks; everything that computes is in main/equivariance.
import type { PredictionSet } from '../contract/calibration.ts';
import { DermOrbitError } from '../contract/errors.ts';
import { mapOf } from '../contract/manifest.ts';
import type { CombinerName, Settings } from '../contract/settings.ts';
import { combineCompanions, combineFeatures, headEmbedding } from '../equivariance/combine.ts';
import { classLogits, embeddingLevelRule, type LogitRule } from '../equivariance/logits.ts';
import {
  choosesBeforeTower,
  methods,
  stability,
  type OrbitReadings,
  type OrbitWeights,
} from '../equivariance/methods.ts';
import { combinerOf, hasFeatureMap } from '../equivariance/settings.ts';
import { groups, type Group } from '../groups/groups.ts';
import { answering, type Answering, type Said } from './answer.ts';
import type { LoadedModel } from './model.ts';
import type { ImageOrbit } from './orbit.ts';

/** A prediction in numbers by class index; records name the classes. */
export interface Prediction extends OrbitWeights {
  readonly probabilities: readonly number[];
  /** Null where probabilities are averaged. */
  readonly logits: readonly number[] | null;
  /** Own logits of each orientation, [n][K]; an empty row for one that the image tower did not see. */
  readonly orientationLogits: readonly (readonly number[])[];
  /** Null where the image tower did not see every orientation. */
  readonly stability: number | null;
  /** Of each orientation by the same rule; an empty row for one that the image tower did not see. */
  readonly orientationProbabilities: readonly (readonly number[])[];
  /** What the method says before any calibration. */
  readonly said: Said;
  readonly set: PredictionSet | null;
  readonly basis: Answering['basis'];
}

export interface PredictOptions {
  /** Whether every orientation is asked what it says by itself, even where the answer needs one alone. */
  readonly everyOrientation?: boolean;
}

/**
 * What the head and the named weight networks say of each orientation.
 * @param seen indices of the orientations that the head is asked about; all where absent
 */
export async function readOrbit(
  orbit: ImageOrbit,
  group: Group,
  combiners: ReadonlySet<CombinerName | null>,
  seen: readonly number[] = group.elements.map((_, g) => g),
): Promise<OrbitReadings> {
  const { manifest, classEmbeddings } = orbit.model;
  const embeddings = await orbit.embeddings(only(group, seen));
  const logitsUnder = (rule: LogitRule) => {
    const rows = group.elements.map((): number[] => []);
    seen.forEach((g, place) => (rows[g] = classLogits(embeddings[place]!, classEmbeddings, rule)));
    return rows;
  };
  const attention = combiners.has('attention') ? await orbit.attention(group) : null;
  return {
    logits: logitsUnder(manifest.logits),
    normalizedLogits: logitsUnder(embeddingLevelRule(manifest.logits)),
    lambda: combiners.has('lambda') ? await orbit.lambda(group) : undefined,
    lambdaEmbedding: combiners.has('lambdaEmbedding') ? await orbit.lambdaEmbedding(group) : undefined,
    queries: attention?.queries,
    keys: attention?.keys,
    canonical: combiners.has('canonical') ? await orbit.canonical(group) : undefined,
    canonicalImage: combiners.has('canonicalImage') ? await orbit.canonicalImage(group) : undefined,
    distance: combiners.has('distance') ? await orbit.distance(group) : undefined,
  };
}

const only = (group: Group, indices: readonly number[]) => ({
  elements: indices.map((g) => group.elements[g]!),
});

/**
 * What one prediction needs to know: of every orientation, or of the one that was chosen before the image tower runs.
 */
export async function readFor(
  orbit: ImageOrbit,
  settings: Settings,
  { everyOrientation = false }: PredictOptions = {},
): Promise<OrbitReadings> {
  const group = groups[settings.group];
  const combiners = new Set([combinerOf(settings)]);
  if (everyOrientation || !choosesBeforeTower(settings)) return readOrbit(orbit, group, combiners);
  const canonicalImage = await orbit.canonicalImage(group);
  const unseen = { logits: [], normalizedLogits: [], canonicalImage };
  const { weights } = methods[settings.method].featureWeights(unseen, settings);
  return readOrbit(orbit, group, combiners, usedOf(weights));
}

/** The orientations that a combination touches. */
function usedOf(weights: readonly number[]): number[] {
  return weights.flatMap((weight, g) => (weight === 0 ? [] : [g]));
}

/** The weights of the settings, the combined map [C, s, s], and what the head keeps of it beside it. */
export async function weighAndCombine(
  orbit: ImageOrbit,
  settings: Settings,
  readings: OrbitReadings,
): Promise<OrbitWeights & { readonly combined: Float32Array; readonly companion: Float32Array }> {
  const group = groups[settings.group];
  const { size } = mapOf(orbit.model.manifest);
  const { weights, attention } = methods[settings.method].featureWeights(readings, settings);
  const used = usedOf(weights);
  const spread = (values: readonly Float32Array[]) => {
    const all = new Array<Float32Array>(group.order).fill(values[0]!);
    used.forEach((g, place) => (all[g] = values[place]!));
    return all;
  };
  const features = spread(await orbit.features(only(group, used)));
  const companions = spread(await orbit.companions(only(group, used)));
  return {
    weights,
    attention,
    combined: combineFeatures(group, features, weights, size, settings.inverse),
    companion: combineCompanions(companions, weights),
  };
}

/**
 * Predicts.
 * @throws DermOrbitError COMBINER_MISSING, INFERENCE_FAILED (also where a result is not a number)
 */
export async function predict(
  orbit: ImageOrbit,
  settings: Settings,
  options: PredictOptions = {},
): Promise<Prediction> {
  const group = groups[settings.group];
  const readings = await readFor(orbit, settings, options);
  if (!hasFeatureMap(settings)) {
    const answer = methods[settings.method].embeddingAnswer(readings, settings);
    return finish(orbit.model, settings, answer, { averaged: answer.probabilities }, readings);
  }
  const { weights, attention, combined, companion } = await weighAndCombine(orbit, settings, readings);
  const { manifest, classEmbeddings } = orbit.model;
  const { elements } = settings.head === 'plain' ? groups.c1 : group;
  const embeddings = await orbit.model.answers(combined, companion, elements);
  const embedding = headEmbedding(embeddings, manifest.embedding);
  const logits = classLogits(embedding, classEmbeddings, manifest.logits);
  return finish(orbit.model, settings, { weights, attention }, { logits }, readings);
}

function finish(
  { manifest }: LoadedModel,
  settings: Settings,
  { weights, attention }: OrbitWeights,
  said: Said,
  readings: OrbitReadings,
): Prediction {
  requireNumbers('logits' in said ? said.logits : said.averaged);
  const answers = answering(manifest, settings);
  const top = answers.topClass(said);
  const each = readings.logits.map((logits) =>
    logits.length === 0 ? [] : answers.probabilities({ logits }),
  );
  return {
    weights,
    attention,
    logits: 'logits' in said ? said.logits : null,
    probabilities: answers.probabilities(said),
    orientationLogits: readings.logits,
    orientationProbabilities: each,
    stability: stability(each, top),
    said,
    set: answers.set(said),
    basis: answers.basis,
  };
}

/** @throws DermOrbitError INFERENCE_FAILED */
export function requireNumbers(probabilities: readonly number[]): void {
  if (!probabilities.every(Number.isFinite)) {
    throw new DermOrbitError('INFERENCE_FAILED', 'The model answered with something that is not a number.');
  }
}

// Where a prediction's combined map speaks for each class: exactly, where the head splits its logits over the cells,
// else by leaving out one cell after the other. Both stand in the frame of the cropped input.
import { DermOrbitError } from '../contract/errors.ts';
import { mapOf } from '../contract/manifest.ts';
import type { Evidence } from '../contract/record.ts';
import type { Settings } from '../contract/settings.ts';
import { headEmbedding, headEvidence, headMaps } from '../equivariance/combine.ts';
import { leaveOneOut, withoutCells } from '../equivariance/leave-one-out.ts';
import { classLogits, joined, logitFactor, rowsOf } from '../equivariance/logits.ts';
import { hasFeatureMap, hasSpatialFrame } from '../equivariance/settings.ts';
import { groups } from '../groups/groups.ts';
import type { LoadedModel } from './model.ts';
import type { ImageOrbit } from './orbit.ts';
import { readFor, weighAndCombine } from './predict.ts';

/** Maps that a head is asked about in one run while cells are left out: bounds memory. */
const mapsPerRun = 32;

/**
 * The evidence map of a prediction.
 * @throws DermOrbitError EVIDENCE_UNAVAILABLE where no combined map stands in the frame of the input
 */
export async function evidenceOf(orbit: ImageOrbit, settings: Settings): Promise<Evidence> {
  if (!hasSpatialFrame(settings)) {
    const { method, level, inverse } = settings;
    throw new DermOrbitError(
      'EVIDENCE_UNAVAILABLE',
      hasFeatureMap(settings)
        ? `With inverse ${inverse} the map that ${method} combines has no frame.`
        : `${method} at ${level} level combines answers, not a map.`,
    );
  }
  if (!orbit.model.manifest.features) {
    throw new DermOrbitError(
      'EVIDENCE_UNAVAILABLE',
      'The model has no feature map, so nothing says where it looks.',
    );
  }
  const { combined, companion } = await weighAndCombine(orbit, settings, await readFor(orbit, settings));
  const { model } = orbit;
  const found = model.split
    ? await exactEvidence(model, model.split, settings, combined)
    : await leftOutEvidence(model, settings, combined, companion);
  return { classes: model.manifest.classes, size: mapOf(model.manifest).size, ...found };
}

type Found = Omit<Evidence, 'classes' | 'size'>;

async function exactEvidence(
  { manifest, classEmbeddings }: LoadedModel,
  split: NonNullable<LoadedModel['split']>,
  settings: Settings,
  combined: Float32Array,
): Promise<Found> {
  const group = groups[settings.group];
  const { size } = mapOf(manifest);
  const raw = await split(headMaps(group, combined, size, settings.head));
  const embedding = headEmbedding(raw.embeddings, manifest.embedding);
  const factor = logitFactor(embedding, manifest.logits);
  const { cells, constant } = headEvidence(group, raw, size, classEmbeddings.classes, factor);
  const { bias } = classEmbeddings;
  const whole = bias ? constant.map((value, k) => value + bias[k]!) : constant;
  return {
    kind: 'exact',
    cells,
    constant: whole,
    logits: classLogits(embedding, classEmbeddings, manifest.logits),
  };
}

async function leftOutEvidence(
  model: LoadedModel,
  { group, head }: Settings,
  combined: Float32Array,
  companion: Float32Array,
): Promise<Found> {
  const { manifest, classEmbeddings } = model;
  const { elements } = groups[head === 'plain' ? 'c1' : group];
  const { size } = mapOf(manifest);
  const cells = Array.from({ length: size * size }, (_, cell) => cell);
  const perRun = Math.max(1, Math.floor(mapsPerRun / elements.length));
  const logitsOf = async (maps: Float32Array, count: number) => {
    const companions = joined(new Array<Float32Array>(count).fill(companion));
    const answers = await model.answers(maps, companions, elements);
    return rowsOf(answers, manifest.embedding * elements.length).map((embeddings) =>
      classLogits(headEmbedding(embeddings, manifest.embedding), classEmbeddings, manifest.logits),
    );
  };
  const [logits] = (await logitsOf(combined, 1)) as [number[]];
  const without: number[][] = [];
  for (let first = 0; first < cells.length; first += perRun) {
    const part = cells.slice(first, first + perRun);
    without.push(...(await logitsOf(withoutCells(combined, size, part), part.length)));
  }
  return { kind: 'leave-one-out', ...leaveOneOut(logits, without), logits };
}

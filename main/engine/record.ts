// The prediction record, made here and nowhere else.
import type { NoteCode } from '../contract/notes.ts';
import type { Classification, Failure, Orientation } from '../contract/record.ts';
import { asDermOrbitError } from '../contract/errors.ts';
import { isMalignant, type Settings } from '../contract/settings.ts';
import { groups } from '../groups/groups.ts';
import type { LoadedModel } from './model.ts';
import type { Prediction } from './predict.ts';
import { version } from './version.ts';

/** Numbers by class code, in the model's order. */
export function byClass(classes: readonly string[], values: readonly number[]): Record<string, number> {
  return Object.fromEntries(classes.map((code, k) => [code, values[k]!]));
}

/** Sum of the probabilities of the malignant classes; null if the model knows none of them. */
export function malignantProbability(
  classes: readonly string[],
  probabilities: readonly number[],
): number | null {
  const malignant = classes.flatMap((code, k) => (isMalignant(code) ? [probabilities[k]!] : []));
  return malignant.length === 0
    ? null
    : Math.min(
        1,
        malignant.reduce((sum, value) => sum + value, 0),
      );
}

/** @param of the image, and what is worth saying of it */
export function classificationRecord(
  of: { readonly image: Classification['image']; readonly notes: readonly NoteCode[] },
  model: LoadedModel,
  settings: Settings,
  prediction: Prediction,
  milliseconds: number,
): Classification {
  const { classes } = model.manifest;
  const orientations = groups[settings.group].elements.map(({ turns, mirror }, element): Orientation => {
    const logits = prediction.orientationLogits[element]!;
    const asked = logits.length > 0;
    return {
      element,
      turn: (turns * 90) as Orientation['turn'],
      mirror,
      weight: prediction.weights[element]!,
      probabilities: asked ? byClass(classes, prediction.orientationProbabilities[element]!) : null,
      logits: asked ? byClass(classes, logits) : null,
    };
  });
  return {
    image: of.image,
    model: { id: model.id, sha256: model.sha256 },
    ...settings,
    provider: model.provider,
    probabilities: byClass(classes, prediction.probabilities),
    logits: prediction.logits && byClass(classes, prediction.logits),
    // As it was used, in the place of what was chosen.
    ...(prediction.basis ?? { prior: undefined }),
    ...(prediction.set ? { set: prediction.set } : {}),
    malignant: malignantProbability(classes, prediction.probabilities),
    orientations,
    attention: prediction.attention?.map((row) => [...row]) ?? null,
    stability: prediction.stability,
    milliseconds: Math.round(milliseconds * 100) / 100,
    version,
    ...(of.notes.length > 0 ? { notes: [...of.notes] } : {}),
  };
}

export function failureRecord(path: string, error: unknown): Failure {
  return { image: { path }, error: asDermOrbitError(error).toRecord() };
}

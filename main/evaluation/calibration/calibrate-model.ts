// A model's calibration on labelled images: what every method says of them, and what follows for its probabilities.
import { createHash } from 'node:crypto';
import { calibrate, sharesOf } from '../../calibration/calibrate.ts';
import { logitsOf } from '../../calibration/apply.ts';
import type { Calibration } from '../../contract/calibration.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import type { Settings } from '../../contract/settings.ts';
import type { GroupName } from '../../groups/groups.ts';
import { ImageOrbit } from '../../engine/orbit.ts';
import { lookAhead } from '../../engine/look-ahead.ts';
import type { LoadedModel } from '../../engine/model.ts';
import { predict } from '../../engine/predict.ts';
import { offeredMethods, resolveSettings } from '../../equivariance/settings.ts';
import { toTensor } from '../../imaging/preprocess.ts';
import type { LabelledItem } from '../datasets/labelled-set.ts';
import { readItem } from '../run/pixels.ts';

export interface CalibrateOptions {
  readonly group: GroupName;
  /** [K] shares of the training images; null: those of these images. */
  readonly trainingShares: readonly number[] | null;
  readonly signal?: AbortSignal | undefined;
  readonly onImage?: ((done: number, total: number) => void) | undefined;
}

/** Fewer say nothing of a temperature and seven biases. */
const fewestImages = 50;

/**
 * @param items labelled by the model's classes; they must have chosen nothing of the model
 * @returns the calibration, and the images that could not be read
 * @throws DermOrbitError CALIBRATION_DATA (too few images, or a class without any), CANCELLED, INFERENCE_FAILED
 */
export async function calibrateModel(
  model: LoadedModel,
  items: readonly LabelledItem[],
  { group, trainingShares, signal, onImage }: CalibrateOptions,
): Promise<{ calibration: Calibration; skipped: { id: string; error: DermOrbitError }[] }> {
  const { classes, input } = model.manifest;
  requireEnough(
    items.map(({ label }) => label),
    classes,
  );
  const plans = offeredMethods([...model.combiners]).map((method): [string, Settings] => {
    const settings = resolveSettings({ group, method }, model.combiners);
    return [`${method}/${settings.level}`, settings];
  });
  const answers = new Map(plans.map(([name]): [string, number[][]] => [name, []]));
  const labels: number[] = [];
  const skipped: { id: string; error: DermOrbitError }[] = [];
  const prepare = (item: LabelledItem) => readItem(item, input.size, () => false, signal);
  let done = 0;
  for await (const { item, outcome } of lookAhead(items, prepare, signal)) {
    if ('error' in outcome) skipped.push({ id: item.id, error: outcome.error });
    else {
      const orbit = new ImageOrbit(model, toTensor(outcome.value.square!, input.size, input.mean, input.std));
      for (const [name, settings] of plans) {
        const { said } = await predict(orbit, settings);
        answers.get(name)!.push([...('logits' in said ? said.logits : logitsOf(said.averaged))]);
      }
      labels.push(item.label);
    }
    onImage?.(++done, items.length);
  }
  requireEnough(labels, classes);
  const shares = trainingShares ?? sharesOf(labels, classes.length);
  const fitted = calibrate(answers, labels, shares);
  const id = createHash('sha256').update(JSON.stringify(fitted)).digest('hex').slice(0, 16);
  return { calibration: { id, ...fitted }, skipped };
}

function requireEnough(labels: readonly number[], classes: readonly string[]): void {
  const missing = classes.filter((_, k) => !labels.includes(k));
  if (labels.length >= fewestImages && missing.length === 0) return;
  const lacks = missing.length > 0 ? ` None shows ${missing.join(', ')}.` : '';
  throw new DermOrbitError(
    'CALIBRATION_DATA',
    `${labels.length} images, where at least ${fewestImages} and some of every class are needed.${lacks}`,
  );
}

// The turn test: the image turned through a full circle in small steps, seen by the plain model and by the
// equivariant one. Between quarter turns pixels are interpolated, so nothing is exact there: that is what it shows.
import { freeAngles } from '../contract/angles.ts';
import type { TurnTestPoint } from '../contract/engine.ts';
import type { Settings } from '../contract/settings.ts';
import { resolveSettings } from '../equivariance/settings.ts';
import { rotateSquare } from '../imaging/rotate.ts';
import { orbitOfImage } from './classify.ts';
import type { LoadedModel } from './model.ts';
import { predict } from './predict.ts';
import { byClass, malignantProbability } from './record.ts';

/**
 * Both models' answers at 0, step, 2 step, ... degrees below 360, counter-clockwise.
 * @param square [R, R, 3]
 * @param step degrees
 * @throws DermOrbitError CANCELLED within one angle, COMBINER_MISSING, INFERENCE_FAILED
 */
export async function* turnTest(
  model: LoadedModel,
  settings: Settings,
  square: Uint8Array,
  step: number,
  signal?: AbortSignal,
): AsyncGenerator<TurnTestPoint> {
  const { classes, input } = model.manifest;
  const plain = resolveSettings({ group: 'c1', method: 'vanilla', prior: settings.prior }, model.combiners);
  for (const angle of freeAngles(step)) {
    signal?.throwIfAborted();
    const orbit = orbitOfImage(model, rotateSquare(square, input.size, angle));
    const answer = async (chosen: Settings) => {
      const { probabilities } = await predict(orbit, chosen);
      return {
        probabilities: byClass(classes, probabilities),
        malignant: malignantProbability(classes, probabilities),
      };
    };
    yield { angle, equivariant: await answer(settings), plain: await answer(plain) };
  }
}

// The last gate of an import: the package is opened as it will be used and must give finite answers.
import { DermOrbitError } from '../contract/errors.ts';
import { methodSchema } from '../contract/settings.ts';
import { combinerOf, resolveSettings } from '../equivariance/settings.ts';
import { loadModel, knownImage } from './model.ts';
import { ImageOrbit } from './orbit.ts';
import { predict } from './predict.ts';
import type { ModelPackage } from './store/package.ts';

/**
 * Predicts a known image by every method that the package has networks for.
 * @throws DermOrbitError INFERENCE_FAILED, and as loadModel
 */
export async function checkModel(opened: ModelPackage): Promise<void> {
  const model = await loadModel(opened, 'cpu');
  try {
    const orbit = new ImageOrbit(model, knownImage(opened.manifest.input.size));
    for (const method of methodSchema.options) {
      for (const level of ['feature', 'embedding'] as const) {
        const combiner = combinerOf({ method, level });
        if (combiner && !model.combiners.has(combiner)) continue;
        const { probabilities } = await predict(
          orbit,
          resolveSettings({ group: 'c2', method, level }, model.combiners),
        );
        const sum = probabilities.reduce((total, value) => total + value, 0);
        if (Math.abs(sum - 1) > 1e-6) {
          throw new DermOrbitError(
            'INFERENCE_FAILED',
            `${method} at ${level} level gives probabilities that add up to ${sum}.`,
          );
        }
      }
    }
  } finally {
    await model.release();
  }
}

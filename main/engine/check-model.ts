// The last gate of an import: the package is opened as it will be used and must give finite answers.
import { DermOrbitError } from '../contract/errors.ts';
import type { SettingsChoice } from '../contract/settings.ts';
import { isOffered, methodVariants, offeredMethods, resolveSettings } from '../equivariance/settings.ts';
import { methods } from '../equivariance/methods.ts';
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
    const available = [...model.combiners];
    const map = opened.manifest.features !== null;
    for (const method of offeredMethods(available, map)) {
      // Without a map, the level at which nothing is combined but answers.
      for (const level of map ? (['feature', 'embedding'] as const) : methods[method].levels.slice(-1)) {
        for (const variant of methodVariants(method, level)) {
          const settings = { group: 'c2', method, level, ...variant } as const;
          if (isOffered(settings, available)) await requireAnswer(orbit, settings);
        }
      }
    }
  } finally {
    await model.release();
  }
}

async function requireAnswer(orbit: ImageOrbit, choice: SettingsChoice): Promise<void> {
  const { probabilities } = await predict(orbit, resolveSettings(choice, orbit.model.combiners));
  const sum = probabilities.reduce((total, value) => total + value, 0);
  if (Math.abs(sum - 1) > 1e-6) {
    throw new DermOrbitError(
      'INFERENCE_FAILED',
      `${choice.method!} at ${choice.level!} level gives probabilities that add up to ${sum}.`,
    );
  }
}

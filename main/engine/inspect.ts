// One image in depth: its record, its evidence map, and what every other method would say. Orbits of the last
// images are kept, so that a switch of group or method runs the image tower only for orientations never seen.
import type { Inspection } from '../contract/engine.ts';
import { asDermOrbitError } from '../contract/errors.ts';
import { methodSchema, type Settings } from '../contract/settings.ts';
import { resolveSettings } from '../equivariance/settings.ts';
import { orbitOfImage, prepareImage, type PreparedImage } from './classify.ts';
import type { LoadedModel } from './model.ts';
import type { ImageOrbit } from './orbit.ts';
import { evidenceOf, predict } from './predict.ts';
import { byClass, classificationRecord, malignantProbability } from './record.ts';

/** An RN50 orbit under d4 is 3 MB of features; a person looks at few images at a time. */
const keptOrbits = 24;

interface KeptImage {
  readonly prepared: PreparedImage;
  readonly orbit: ImageOrbit;
}

/** The most recently inspected images of one model, by content. */
export class Inspector {
  readonly #model: LoadedModel;
  readonly #kept = new Map<string, KeptImage>();

  constructor(model: LoadedModel) {
    this.#model = model;
  }

  /** @throws DermOrbitError IMAGE_*, COMBINER_MISSING, INFERENCE_FAILED */
  async inspect(path: string, settings: Settings): Promise<Inspection> {
    const start = performance.now();
    const { prepared, orbit } = await this.#open(path);
    const prediction = await predict(orbit, settings);
    const milliseconds = performance.now() - start;
    const record = classificationRecord(
      { ...prepared.image, path },
      this.#model,
      settings,
      prediction,
      milliseconds,
    );
    const evidence = await evidenceOf(orbit, settings).then(
      (map) => ({ evidence: map, evidenceError: null }),
      (error: unknown) => ({ evidence: null, evidenceError: asDermOrbitError(error).toRecord() }),
    );
    return { record, ...evidence, alternatives: await this.#alternatives(orbit, settings) };
  }

  /** Reads the file anew each time (it may have changed) and computes only for content not seen lately. */
  async #open(path: string): Promise<KeptImage> {
    const prepared = await prepareImage(path, this.#model.manifest.input.size);
    const { sha256 } = prepared.image;
    const known = this.#kept.get(sha256) ?? { prepared, orbit: orbitOfImage(this.#model, prepared.square) };
    this.#kept.delete(sha256);
    this.#kept.set(sha256, known);
    const oldest = this.#kept.keys().next();
    if (this.#kept.size > keptOrbits && !oldest.done) this.#kept.delete(oldest.value);
    return known;
  }

  async #alternatives(orbit: ImageOrbit, { group }: Settings): Promise<Inspection['alternatives']> {
    const { classes } = this.#model.manifest;
    const answers: Inspection['alternatives'] = [];
    for (const method of methodSchema.options) {
      try {
        const settings = resolveSettings({ group, method }, this.#model.combiners);
        const { probabilities } = await predict(orbit, settings);
        const malignant = malignantProbability(classes, probabilities);
        answers.push({ method, probabilities: byClass(classes, probabilities), malignant, error: null });
      } catch (error) {
        answers.push({
          method,
          probabilities: null,
          malignant: null,
          error: asDermOrbitError(error).toRecord(),
        });
      }
    }
    return answers;
  }
}

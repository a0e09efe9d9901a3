// One image in depth: its record, its evidence map, and what every other method would say. Orbits of the last
// images are kept, so that a switch of group or method runs the image tower only for orientations never seen.
import { LRUCache } from 'lru-cache';
import type { Inspection } from '../contract/engine.ts';
import { asDermOrbitError } from '../contract/errors.ts';
import { methodSchema, type Settings } from '../contract/settings.ts';
import { resolveSettings } from '../equivariance/settings.ts';
import type { NoteCode } from '../contract/notes.ts';
import { readImageFile, type ImageFile } from '../imaging/file.ts';
import { preprocess } from '../imaging/preprocess.ts';
import { orbitOfImage } from './classify.ts';
import type { LoadedModel } from './model.ts';
import type { ImageOrbit } from './orbit.ts';
import { evidenceOf } from './evidence.ts';
import { predict } from './predict.ts';
import { byClass, classificationRecord, malignantProbability } from './record.ts';

/** An RN50 orbit under d4 is 3 MB of features; a person looks at few images at a time. */
const maxKeptOrbits = 24;

interface KeptImage {
  readonly notes: readonly NoteCode[];
  readonly width: number;
  readonly height: number;
  readonly orbit: ImageOrbit;
  /** What every method says, by group and prior: it depends on nothing else. */
  readonly alternatives: Map<string, Inspection['alternatives']>;
}

/** The most recently inspected images of one model, by content. */
export class Inspector {
  readonly #model: LoadedModel;
  readonly #kept = new LRUCache<string, KeptImage>({ max: maxKeptOrbits });

  constructor(model: LoadedModel) {
    this.#model = model;
  }

  /** @throws DermOrbitError IMAGE_*, COMBINER_MISSING, INFERENCE_FAILED */
  async inspect(path: string, settings: Settings): Promise<Inspection> {
    const start = performance.now();
    const { file, kept } = await this.#open(path);
    const { width, height, orbit } = kept;
    const prediction = await predict(orbit, settings, { everyOrientation: true });
    const image = { path, sha256: file.sha256, width, height };
    const milliseconds = performance.now() - start;
    const of = { image, notes: [...file.notes, ...kept.notes] };
    const record = classificationRecord(of, this.#model, settings, prediction, milliseconds);
    const evidence = await evidenceOf(orbit, settings).then(
      (map) => ({ evidence: map, evidenceError: null }),
      (error: unknown) => ({ evidence: null, evidenceError: asDermOrbitError(error).toRecord() }),
    );
    return { record, ...evidence, alternatives: await this.#alternatives(kept, settings) };
  }

  /** Reads the file anew each time (it may have changed), and decodes only content not seen lately. */
  async #open(path: string): Promise<{ file: ImageFile; kept: KeptImage }> {
    const file = await readImageFile(path);
    const { sha256 } = file;
    const kept = this.#kept.get(sha256) ?? (await this.#decode(file));
    this.#kept.set(sha256, kept);
    return { file, kept };
  }

  async #decode(file: ImageFile): Promise<KeptImage> {
    const { square, width, height, notes } = await preprocess(file, this.#model.manifest.input.size);
    return { width, height, notes, orbit: orbitOfImage(this.#model, square), alternatives: new Map() };
  }

  async #alternatives(
    { orbit, alternatives }: KeptImage,
    { group, prior }: Settings,
  ): Promise<Inspection['alternatives']> {
    const key = `${group} ${JSON.stringify(prior)}`;
    const known = alternatives.get(key);
    if (known) return known;
    const { classes } = this.#model.manifest;
    const answers: Inspection['alternatives'] = [];
    for (const method of methodSchema.options) {
      try {
        const settings = resolveSettings(
          { group, method, prior },
          this.#model.combiners,
          this.#model.manifest.features !== null,
        );
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
    alternatives.set(key, answers);
    return answers;
  }
}

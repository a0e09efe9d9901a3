// Files to records. Decoding runs ahead on other threads while the networks run on this one; a file that fails
// becomes a failure in its place, and the rest go on.
import { asDermOrbitError } from '../contract/errors.ts';
import type { NoteCode } from '../contract/notes.ts';
import type { Classification, ClassificationRecord, Evidence } from '../contract/record.ts';
import type { Settings } from '../contract/settings.ts';
import { readImageFile } from '../imaging/file.ts';
import { preprocess, toTensor } from '../imaging/preprocess.ts';
import { lookAhead } from './look-ahead.ts';
import type { LoadedModel } from './model.ts';
import { ImageOrbit } from './orbit.ts';
import { evidenceOf } from './evidence.ts';
import { predict } from './predict.ts';
import { classificationRecord, failureRecord } from './record.ts';

/** An image as the model sees it, with what its record says of it. */
export interface PreparedImage {
  readonly image: Classification['image'];
  /** [R, R, 3], 8-bit. */
  readonly square: Uint8Array;
  /** What reading, decoding and preprocessing took. */
  readonly milliseconds: number;
  /** What is worth saying of the picture or its file. */
  readonly notes: readonly NoteCode[];
}

/**
 * Reads and preprocesses one file for a model: the only decoding an image gets, however many orientations follow.
 * @throws DermOrbitError IMAGE_*
 */
export async function prepareImage(path: string, size: number, signal?: AbortSignal): Promise<PreparedImage> {
  const start = performance.now();
  const file = await readImageFile(path, signal ? { signal } : {});
  const { square, width, height, notes } = await preprocess(file, size);
  return {
    image: { path, sha256: file.sha256, width, height },
    square,
    milliseconds: performance.now() - start,
    notes: [...file.notes, ...notes],
  };
}

/** The orbit of a prepared image under a model. */
export function orbitOfImage(model: LoadedModel, square: Uint8Array): ImageOrbit {
  const { size, mean, std } = model.manifest.input;
  return new ImageOrbit(model, toTensor(square, size, mean, std));
}

/** One file's result, with what else was asked for. */
export interface ClassifiedFile {
  readonly index: number;
  readonly record: ClassificationRecord;
  /** The model's square and the evidence map, where asked for and available. */
  readonly evidence?: { readonly square: Uint8Array; readonly map: Evidence } | undefined;
}

export interface ClassifyOptions {
  readonly signal?: AbortSignal | undefined;
  readonly evidence?: boolean | undefined;
}

/**
 * Classifies files, in order.
 * @throws DermOrbitError CANCELLED, within one image of the signal; everything else becomes a record
 */
export async function* classifyFiles(
  model: LoadedModel,
  settings: Settings,
  paths: readonly string[],
  { signal, evidence = false }: ClassifyOptions = {},
): AsyncGenerator<ClassifiedFile> {
  const { size } = model.manifest.input;
  const prepare = (path: string) => prepareImage(path, size, signal);
  for await (const { index, item: path, outcome } of lookAhead(paths, prepare, signal)) {
    if ('error' in outcome) {
      yield { index, record: failureRecord(path, outcome.error) };
      continue;
    }
    try {
      yield { index, ...(await classifyPrepared(model, settings, outcome.value, evidence)) };
    } catch (error) {
      yield { index, record: failureRecord(path, asDermOrbitError(error, 'INFERENCE_FAILED')) };
    }
  }
}

async function classifyPrepared(
  model: LoadedModel,
  settings: Settings,
  { image, square, milliseconds, notes }: PreparedImage,
  wantsEvidence: boolean,
): Promise<Omit<ClassifiedFile, 'index'>> {
  const start = performance.now();
  const orbit = orbitOfImage(model, square);
  const prediction = await predict(orbit, settings);
  const evidence = wantsEvidence ? { square, map: await evidenceOf(orbit, settings) } : undefined;
  const total = milliseconds + performance.now() - start;
  return { record: classificationRecord({ image, notes }, model, settings, prediction, total), evidence };
}

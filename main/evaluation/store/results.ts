// Finished evaluations on disk: a folder each, with the result, the answers to every image (for whoever wants to see
// the images behind a figure) and the tables for the official scorer. Written by the job process, read by the app.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { processTag } from '../../base/process-tag.ts';
import { asDermOrbitError, DermOrbitError } from '../../contract/errors.ts';
import { evaluationSchema } from '../../contract/evaluation.ts';
import type { Evaluation } from '../../contract/evaluation.ts';
import type { FinishedEvaluation } from '../run/evaluate.ts';
import type { RowAnswers, StoredAnswers, ViewAnswers } from '../run/answers.ts';

/** Prefix of folders that are being written: never listed, removed by whoever finds them abandoned. */
export const unfinishedPrefix = '.unfinished-';

/** Where the answers to each image lie, and where the first versions put them. */
const answersFolder = 'answers';
const earlierFolder = 'cases';
const imagesFile = (folder: string, model: string) => join(folder, `${model}.json`);
const rowFile = (folder: string, model: string, row: string) => join(folder, `${model}.${row}.json`);
const predictionsFile = (model: string, row: string) => join('predictions', `${model}.${row}.csv`);

const imagesSchema = z.object({
  classes: z.array(z.string()),
  images: z.array(z.object({ id: z.string(), path: z.string().nullable(), label: z.int().nonnegative() })),
});

/** Numbers are little-endian, base64. */
const answersSchema = z.object({ transformations: z.array(z.string()), answers: z.array(z.base64()) });

const rowSchema = answersSchema.extend({
  id: z.string(),
  probabilities: z.base64(),
  /** Added after the first version, as are the weights: absent in older files. */
  freeAngles: answersSchema.nullable().default(null),
  weights: z
    .object({ orientations: z.array(z.string()).min(1), weights: z.base64() })
    .nullable()
    .default(null),
});

/**
 * Writes a result into a folder that does not exist yet.
 * @throws DermOrbitError WRITE_FAILED, DISK_FULL; nothing is left then
 */
export async function writeResult(folder: string, finished: FinishedEvaluation): Promise<void> {
  const { evaluation, predictions, answers } = finished;
  const unfinished = join(
    dirname(folder),
    `${unfinishedPrefix}${processTag()}-${randomBytes(6).toString('hex')}`,
  );
  try {
    await mkdir(join(unfinished, answersFolder), { recursive: true });
    await mkdir(join(unfinished, 'predictions'));
    await writeFile(join(unfinished, 'evaluation.json'), JSON.stringify(evaluation));
    for (const { model, row, csv } of predictions) {
      await writeFile(join(unfinished, predictionsFile(model, row)), csv);
    }
    for (const { model, classes, images, rows } of answers) {
      await writeFile(
        join(unfinished, imagesFile(answersFolder, model)),
        JSON.stringify({ classes, images }),
      );
      for (const row of rows) {
        await writeFile(join(unfinished, rowFile(answersFolder, model, row.id)), encoded(row));
      }
    }
    await rename(unfinished, folder);
  } catch (thrown) {
    await rm(unfinished, { recursive: true, force: true });
    throw asDermOrbitError(thrown, 'WRITE_FAILED');
  }
}

/** @throws DermOrbitError EVALUATION_NOT_FOUND, EVALUATION_INVALID */
export async function readEvaluation(folder: string): Promise<Evaluation> {
  return parsed(evaluationSchema, folder, 'evaluation.json');
}

/** The table of a row for the official scorer. @throws DermOrbitError EVALUATION_NOT_FOUND */
export function readPredictions(folder: string, model: string, row: string): Promise<string> {
  return text(folder, predictionsFile(model, row));
}

/**
 * What each image was answered by one row. Model and row are those of the evaluation in the folder.
 * @throws DermOrbitError EVALUATION_NOT_FOUND, EVALUATION_INVALID
 */
export async function readAnswers(folder: string, model: string, row: string): Promise<StoredAnswers> {
  const kept = existsSync(join(folder, earlierFolder)) ? earlierFolder : answersFolder;
  const { classes, images } = await parsed(imagesSchema, folder, imagesFile(kept, model));
  const stored = await parsed(rowSchema, folder, rowFile(kept, model, row));
  const probabilities = numbers(stored.probabilities, Float64Array, images.length * classes.length);
  const views = decodedAnswers(stored, images.length);
  const freeAngles = stored.freeAngles && decodedAnswers(stored.freeAngles, images.length);
  const weights = stored.weights && decodedWeights(stored.weights, images.length);
  const fits =
    (freeAngles === null) === (stored.freeAngles === null) &&
    (weights === null) === (stored.weights === null) &&
    images.every(({ label }) => label < classes.length);
  if (probabilities === null || views === null || !fits) throw damaged(folder, rowFile(kept, model, row));
  return { classes, images, row: { id: row, probabilities, ...views, freeAngles, weights } };
}

/** Null where they do not fit. */
function decodedAnswers(
  { transformations, answers }: z.infer<typeof answersSchema>,
  images: number,
): ViewAnswers | null {
  const decoded = answers.map((view) => numbers(view, Int16Array, images)).filter((view) => view !== null);
  const fits = decoded.length === answers.length && answers.length === transformations.length;
  return fits ? { transformations, answers: decoded } : null;
}

/** Null where they do not fit. */
function decodedWeights(
  { orientations, weights }: NonNullable<z.infer<typeof rowSchema>['weights']>,
  images: number,
): RowAnswers['weights'] {
  const decoded = numbers(weights, Float64Array, images * orientations.length);
  return decoded && { orientations, weights: decoded };
}

function encoded({ id, probabilities, freeAngles, weights, ...views }: RowAnswers): string {
  const base64 = ({ buffer, byteOffset, byteLength }: Float64Array | Int16Array) =>
    Buffer.from(buffer, byteOffset, byteLength).toString('base64');
  const encodedAnswers = ({ transformations, answers }: ViewAnswers) => ({
    transformations,
    answers: answers.map(base64),
  });
  return JSON.stringify({
    id,
    probabilities: base64(probabilities),
    ...encodedAnswers(views),
    freeAngles: freeAngles && encodedAnswers(freeAngles),
    weights: weights && { orientations: weights.orientations, weights: base64(weights.weights) },
  });
}

interface NumbersOf<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): T;
}

/** Exactly `count` numbers, or null. */
function numbers<T extends Float64Array | Int16Array>(
  base64: string,
  kind: NumbersOf<T>,
  count: number,
): T | null {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length !== count * kind.BYTES_PER_ELEMENT) return null;
  const all = new kind(count);
  new Uint8Array(all.buffer).set(bytes);
  return all.every((value: number) => Number.isFinite(value)) ? all : null;
}

async function text(folder: string, file: string): Promise<string> {
  try {
    return await readFile(join(folder, file), 'utf8');
  } catch (thrown) {
    const message = `${basename(folder)}: ${file} cannot be read.`;
    throw new DermOrbitError('EVALUATION_NOT_FOUND', message, { cause: thrown });
  }
}

async function parsed<T>(schema: z.ZodType<T>, folder: string, file: string): Promise<T> {
  const content = await text(folder, file);
  try {
    return schema.parse(JSON.parse(content));
  } catch (thrown) {
    throw damaged(folder, file, thrown);
  }
}

function damaged(folder: string, file: string, cause?: unknown): DermOrbitError {
  return new DermOrbitError('EVALUATION_INVALID', `${basename(folder)}: ${file} is damaged.`, { cause });
}

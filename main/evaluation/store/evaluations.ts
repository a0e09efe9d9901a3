// Finished evaluations in the data folder: listed, opened, removed. Each is a folder that the job process wrote.
import { randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { isOwnerGone } from '../../base/process-tag.ts';
import { evaluationIdSchema, type EvaluationSummary } from '../../contract/application-jobs.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import type { Evaluation } from '../../contract/evaluation.ts';
import type { StoredAnswers } from '../run/answers.ts';
import { readAnswers, readEvaluation, readPredictions, unfinishedPrefix } from './results.ts';

/** Evaluations whose files are kept in memory while someone looks at them. */
const maxOpened = 4;

export class Evaluations {
  /** Of the results; what is being measured lies beside them. */
  readonly folder: string;
  readonly #opened = new LRUCache<string, Promise<Evaluation>>({ max: maxOpened });
  readonly #summaries = new Map<string, EvaluationSummary>();

  constructor(folder: string) {
    this.folder = folder;
  }

  /** A new id: when, and a random end, so that the order of names is that of time. */
  newId(now = new Date()): string {
    const [day, time] = now
      .toISOString()
      .replaceAll(/[-:]|\..*$/g, '')
      .split('T');
    return `${day ?? ''}-${time ?? ''}-${randomBytes(3).toString('hex')}`;
  }

  folderOf(id: string): string {
    return join(this.folder, id);
  }

  /** The latest first. What cannot be read is passed over; a folder that is not there holds none. */
  async list(): Promise<EvaluationSummary[]> {
    const names = await readdir(this.folder).catch(() => []);
    const ids = names
      .filter((name) => evaluationIdSchema.safeParse(name).success)
      .sort()
      .reverse();
    const summaries = await Promise.all(ids.map((id) => this.#summary(id).catch(() => null)));
    return summaries.filter((summary) => summary !== null);
  }

  /** @throws DermOrbitError EVALUATION_NOT_FOUND, EVALUATION_INVALID */
  open(id: string): Promise<Evaluation> {
    const known = this.#opened.get(id);
    if (known) return known;
    const opening = readEvaluation(this.folderOf(id));
    this.#opened.set(id, opening);
    opening.catch(() => this.#opened.delete(id));
    return opening;
  }

  /** @throws DermOrbitError EVALUATION_NOT_FOUND, EVALUATION_INVALID */
  answers(id: string, model: string, row: string): Promise<StoredAnswers> {
    return readAnswers(this.folderOf(id), model, row);
  }

  /** @throws DermOrbitError EVALUATION_NOT_FOUND */
  predictions(id: string, model: string, row: string): Promise<string> {
    return readPredictions(this.folderOf(id), model, row);
  }

  /** @throws DermOrbitError WRITE_FAILED */
  async remove(id: string): Promise<void> {
    this.#opened.delete(id);
    this.#summaries.delete(id);
    try {
      await rm(this.folderOf(id), { recursive: true, force: true });
    } catch (thrown) {
      throw new DermOrbitError('WRITE_FAILED', `The evaluation ${id} cannot be removed.`, { cause: thrown });
    }
  }

  /** What a crash left half written; what another process writes just now is its own. */
  async sweep(): Promise<void> {
    const names = await readdir(this.folder).catch(() => []);
    for (const name of names.filter((each) => each.startsWith(unfinishedPrefix))) {
      const path = join(this.folder, name);
      const found = await stat(path).catch(() => null);
      const tag = name.slice(unfinishedPrefix.length).split('-')[0] ?? '';
      if (found && isOwnerGone(tag, found.mtimeMs)) await rm(path, { recursive: true, force: true });
    }
  }

  /** Finished evaluations never change, so each is read for the list once. */
  async #summary(id: string): Promise<EvaluationSummary> {
    const known = this.#summaries.get(id);
    if (known) return known;
    const { made, dataset, models, turned } = await readEvaluation(this.folderOf(id));
    const summary = {
      id,
      made,
      dataset: basename(dataset.images),
      format: dataset.format,
      models: models.map((model) => ({
        id: model.id,
        name: model.name,
        images: model.images,
        rows: model.rows.length,
      })),
      turned,
    };
    this.#summaries.set(id, summary);
    return summary;
  }
}

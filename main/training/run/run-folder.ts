// The folder of a run: what it was asked for (request.json), what it was told (config.json), what it used (data.json),
// where it stands (checkpoint), its figures as a table and as curves, and how it ended (result.json).
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asDermOrbitError, DermOrbitError } from '../../contract/errors.ts';
import type { TrainTask } from '../../contract/jobs.ts';
import { changeableFields } from '../../contract/training-config.ts';
import { trainKinds } from '../../contract/training-fields.ts';
import { configSchemas, type RoundFigures, type RunResult } from '../../contract/training.ts';
import { drawingToPng } from '../../imaging/drawing.ts';
import { readCheckpoint, writeCheckpoint, type TrainingCheckpoint } from '../checkpoint.ts';
import { drawCurves } from './curves.ts';
import { writeFileAtomic } from '../../base/durable-files.ts';

/** Files of a run. */
export const runFiles = {
  request: 'request.json',
  config: 'config.json',
  data: 'data.json',
  checkpoint: 'checkpoint.bin',
  table: 'rounds.csv',
  curves: 'curves.svg',
  picture: 'curves.png',
  card: 'MODEL_CARD.md',
  result: 'result.json',
} as const;

export class RunFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Notes what a run is asked for before anything of it is done, so that it can be resumed from any moment on.
   * @throws DermOrbitError RUN_EXISTS, before hours of reading images, not after; WRITE_FAILED, DISK_FULL
   */
  static async announce(path: string, resume: boolean, task: TrainTask): Promise<void> {
    if (existsSync(join(path, runFiles.config))) {
      // Whether these are its settings is found out when it is opened; until then its own request stays.
      if (resume) return;
      throw new DermOrbitError('RUN_EXISTS', `${path} holds a training run.`);
    }
    const folder = new RunFolder(path);
    await folder.#make();
    await folder.writeRequest(task);
  }

  /**
   * Begins a run, or finds the one to resume; a run that was stopped before it began, begins.
   * @param identity everything that a resumed run must have in common with the one that began, by name
   * @returns the folder and the checkpoint to go on from
   * @throws DermOrbitError RUN_EXISTS, RUN_MISMATCH naming what differs, TRAINING_CHECKPOINT_*
   */
  static async open(
    path: string,
    resume: boolean,
    identity: Readonly<Record<string, unknown>>,
  ): Promise<{ folder: RunFolder; checkpoint: TrainingCheckpoint | null }> {
    const folder = new RunFolder(path);
    const begun = existsSync(join(path, runFiles.config));
    if (!begun || !resume) {
      if (begun) throw new DermOrbitError('RUN_EXISTS', `${path} holds a training run.`);
      await folder.#make();
      await folder.#write('config', json(identity));
      return { folder, checkpoint: null };
    }
    requireSame(path, await readJson(join(path, runFiles.config)), identity);
    await folder.#write('config', json(identity));
    // Stopped before its first checkpoint: it begins again.
    if (!existsSync(join(path, runFiles.checkpoint))) return { folder, checkpoint: null };
    return { folder, checkpoint: await readCheckpoint(join(path, runFiles.checkpoint)) };
  }

  /** Checkpoint first: figures may lag behind it, never run ahead. */
  async save(checkpoint: TrainingCheckpoint): Promise<void> {
    await writeCheckpoint(join(this.path, runFiles.checkpoint), checkpoint);
    await this.#write('table', table(checkpoint.history));
    const curves = drawCurves(checkpoint.history);
    await this.#write('curves', curves);
    await this.#write('picture', await drawingToPng(curves));
  }

  /** Of the latest start: what may change when a run goes on stands here as it is now. */
  writeRequest(task: TrainTask): Promise<void> {
    return this.#write('request', json(task));
  }

  writeResult(result: RunResult): Promise<void> {
    return this.#write('result', json(result));
  }

  writeData(data: unknown): Promise<void> {
    return this.#write('data', json(data));
  }

  writeCard(card: string): Promise<void> {
    return this.#write('card', card);
  }

  async #make(): Promise<void> {
    await mkdir(this.path, { recursive: true }).catch((error: unknown) => {
      throw asDermOrbitError(error, 'WRITE_FAILED');
    });
  }

  #write(name: keyof typeof runFiles, data: string | Uint8Array): Promise<void> {
    return writeFileAtomic(join(this.path, runFiles[name]), data);
  }
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

async function readJson(path: string): Promise<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch (error) {
    throw new DermOrbitError('RUN_MISMATCH', `${path} cannot be read.`, { cause: error });
  }
  throw new DermOrbitError('RUN_MISMATCH', `${path} is no configuration of a run.`);
}

/** What may be another when a run is resumed: how long it goes on, and how fast it learns. */
const changeable = new Set(changeableFields().map(({ path }) => path));

/** With the fields that were added since the run began, and in the order of the table. */
function inToday(identity: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const kind = trainKinds.find((one) => one === identity.kind);
  const parsed = kind && configSchemas[kind].safeParse(identity.config);
  return parsed?.success ? { ...identity, config: parsed.data } : identity;
}

/** Config fields that differ make a run another one. Flat records of plain values, one level of records inside. */
function requireSame(
  path: string,
  found: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
): void {
  const flat = (record: Readonly<Record<string, unknown>>) =>
    Object.entries(record).flatMap(([key, value]): [string, string][] =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.entries(value).map(([inner, one]) => [inner, JSON.stringify(one)])
        : [[key, JSON.stringify(value)]],
    );
  const before = new Map(flat(inToday(found)));
  const different = flat(inToday(wanted)).filter(
    ([key, value]) => !changeable.has(key) && before.get(key) !== value,
  );
  if (different.length === 0) return;
  const list = different.map(([key, value]) => `${key} was ${before.get(key) ?? 'absent'}, now ${value}`);
  throw new DermOrbitError('RUN_MISMATCH', `${path}: ${list.join('; ')}.`);
}

function table(history: readonly RoundFigures[]): string {
  const orientations = history[0]?.meanWeights.length ?? 0;
  const header = [
    'round,steps,learning_rate,loss,gradient_norm,validation_loss,balanced_accuracy,top1,seconds',
    ...Array.from({ length: orientations }, (_, g) => `mean_weight_${g}`),
  ];
  const rows = history.map((one) =>
    [
      one.round,
      one.steps,
      one.learningRate ?? '',
      one.loss ?? '',
      one.gradientNorm ?? '',
      one.validationLoss,
      one.balancedAccuracy,
      one.top1,
      one.seconds.toFixed(3),
      ...one.meanWeights,
    ].join(),
  );
  return `${[header.join(), ...rows].join('\n')}\n`;
}

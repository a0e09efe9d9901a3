// The folder of a run: what it was told (config.json), what it used (data.json), where it stands (checkpoint), and its
// figures as a table and as curves.
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asDermOrbitError, DermOrbitError } from '../../contract/errors.ts';
import type { RoundFigures } from '../../contract/training.ts';
import { readCheckpoint, writeCheckpoint, type TrainingCheckpoint } from '../checkpoint.ts';
import { drawCurves } from './curves.ts';
import { replaceFile } from './replace-file.ts';

const names = {
  config: 'config.json',
  data: 'data.json',
  checkpoint: 'checkpoint.bin',
  table: 'epochs.csv',
  curves: 'curves.svg',
  card: 'MODEL_CARD.md',
} as const;

export class RunFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
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
    const begun = existsSync(join(path, names.config));
    if (!begun || !resume) {
      if (begun) throw new DermOrbitError('RUN_EXISTS', `${path} holds a training run.`);
      await mkdir(path, { recursive: true }).catch((error: unknown) => {
        throw asDermOrbitError(error, 'WRITE_FAILED');
      });
      await folder.#write('config', json(identity));
      return { folder, checkpoint: null };
    }
    requireSame(path, await readJson(join(path, names.config)), identity);
    await folder.#write('config', json(identity));
    // Stopped before its first checkpoint: it begins again.
    if (!existsSync(join(path, names.checkpoint))) return { folder, checkpoint: null };
    return { folder, checkpoint: await readCheckpoint(join(path, names.checkpoint)) };
  }

  /** Checkpoint first: figures may lag behind it, never run ahead. */
  async save(checkpoint: TrainingCheckpoint): Promise<void> {
    await writeCheckpoint(join(this.path, names.checkpoint), checkpoint);
    await this.#write('table', table(checkpoint.history));
    await this.#write('curves', drawCurves(checkpoint.history));
  }

  writeData(data: unknown): Promise<void> {
    return this.#write('data', json(data));
  }

  writeCard(card: string): Promise<void> {
    return this.#write('card', card);
  }

  #write(name: keyof typeof names, text: string): Promise<void> {
    return replaceFile(join(this.path, names[name]), text);
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
const changeable = new Set(['rounds', 'learningRate', 'patience', 'clip']);

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
  const before = new Map(flat(found));
  const different = flat(wanted).filter(([key, value]) => !changeable.has(key) && before.get(key) !== value);
  if (different.length === 0) return;
  const list = different.map(([key, value]) => `${key} was ${before.get(key) ?? 'absent'}, now ${value}`);
  throw new DermOrbitError('RUN_MISMATCH', `${path}: ${list.join('; ')}.`);
}

function table(history: readonly RoundFigures[]): string {
  const orientations = history[0]?.meanWeights.length ?? 0;
  const header = [
    'epoch,steps,learning_rate,loss,gradient_norm,validation_loss,balanced_accuracy,top1,seconds',
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

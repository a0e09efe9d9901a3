// Statistics on a thread of their own.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { EvaluationRow } from '../../contract/evaluation.ts';
import { asDermOrbitError, DermOrbitError } from '../../contract/errors.ts';
import type { StatisticsInput } from './statistics.ts';
import type { StatisticsMessage } from './statistics-worker.ts';

/**
 * Everything about every row, computed off the event loop.
 * @param onRow at the beginning of each row, with its place
 * @throws DermOrbitError CANCELLED at once when the signal is aborted
 */
export async function runStatistics(
  input: StatisticsInput,
  onRow: (place: number) => void,
  signal?: AbortSignal,
): Promise<readonly EvaluationRow[]> {
  signal?.throwIfAborted();
  const file = `./statistics-worker${extname(import.meta.filename)}`;
  const worker = new Worker(new URL(file, import.meta.url), { workerData: input });
  let cancel: () => void = () => undefined;
  const finished = new Promise<readonly EvaluationRow[]>((resolve, reject) => {
    cancel = () => {
      reject(new DermOrbitError('CANCELLED', 'The statistics were cancelled.'));
    };
    worker.on('message', (message: StatisticsMessage) => {
      if ('rows' in message) resolve(message.rows);
      else onRow(message.row);
    });
    worker.once('error', (error: unknown) => {
      reject(asDermOrbitError(error));
    });
    worker.once('exit', (code) => {
      reject(new DermOrbitError('INTERNAL', `The statistics thread ended with code ${code}.`));
    });
  });
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    return await finished;
  } finally {
    signal?.removeEventListener('abort', cancel);
    await worker.terminate();
  }
}

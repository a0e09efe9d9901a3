// The thread that runs the statistics, so that nothing else waits for them.
import { parentPort, workerData } from 'node:worker_threads';
import type { EvaluationRow } from '../../contract/evaluation.ts';
import { statisticsOf, type StatisticsInput } from './statistics.ts';

/** What the thread reports: the row it begins with, and at the end everything. */
export type StatisticsMessage = { readonly row: number } | { readonly rows: readonly EvaluationRow[] };

const post = (message: StatisticsMessage) => parentPort?.postMessage(message);
post({ rows: statisticsOf(workerData as StatisticsInput, (row) => post({ row })) });

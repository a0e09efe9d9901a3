// What an operation of the job process is given.
import type { z } from 'zod';
import type { JobEvent, JobOperation, jobsContract } from '../contract/jobs.ts';
import type { ModelStore } from '../engine/store/store.ts';

/** What an operation is given while it runs. */
export interface RunningJob<Name extends JobOperation> {
  readonly store: ModelStore;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: (event: JobEvent<Name>) => void;
}

/** An operation's input after its schema has run. */
export type CheckedJob<Name extends JobOperation> = z.output<(typeof jobsContract)[Name]['input']>;

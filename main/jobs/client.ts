// The jobs in another process: started by the first call, started again by the first call after it died.
import { jobsContract } from '../contract/jobs.ts';
import { entryIn, type ProcessProgram, type Spawn } from '../base/process/child.ts';
import { superviseProcess, type SupervisedProcess } from '../base/process/client.ts';

export const jobsProgram: ProcessProgram = { name: 'DermOrbit jobs', entry: entryIn(import.meta.dirname) };

/** @param spawn called when the first job comes, and for the first after each death */
export function jobProcess(spawn: Spawn): SupervisedProcess<typeof jobsContract> {
  return superviseProcess(jobsContract, () => spawn(jobsProgram), {
    name: 'job process',
    errors: { stopped: 'JOB_STOPPED', absent: 'JOB_STOPPED', overstayed: 'JOB_STOPPED' },
    wanted: 'calls',
  });
}

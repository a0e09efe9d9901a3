// The program of the job process. It yields to everything else: a job is hours of work that nobody waits for with a
// finger on the mouse.
import { constants } from 'node:os';
import { jobsContract } from '../contract/jobs.ts';
import { serveContract } from '../base/process/serve.ts';
import { createJobs } from './jobs.ts';

serveContract(jobsContract, createJobs(), constants.priority.PRIORITY_LOW);

// Evaluations as the page asks for them: starting one, and going on with those that an earlier session left unfinished.
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { jobRequests, Job } from '../../contract/application-jobs.ts';
import { evaluationIdSchema } from '../../contract/application-jobs.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import type { EvaluateTask } from '../../contract/jobs.ts';
import { listRequests, readRequest, removeRequest, requestFile } from '../../evaluation/store/unfinished.ts';
import type { Handlers } from '../../rpc/dispatch.ts';
import type { JobContext } from './context.ts';
import type { JobHandle } from '../board.ts';

type EvaluatingRequest =
  'startEvaluation' | 'interruptedEvaluations' | 'resumeEvaluation' | 'discardEvaluation';

export const evaluatingHandlers: Handlers<typeof jobRequests, JobContext, EvaluatingRequest> = {
  startEvaluation: (context, { data, ...rest }) => {
    const task = { ...rest, source: context.data.sourceOf(data) };
    return Promise.resolve(start(context, task, context.evaluations.newId()));
  },
  interruptedEvaluations: async ({ evaluations, jobs }) => {
    // Those of this session are listed as its jobs.
    const own = new Set(jobs.board.jobs().map(({ runId }) => runId));
    const found = await listRequests(evaluations.folder);
    return found
      .filter(({ id }) => evaluationIdSchema.safeParse(id).success && !own.has(id))
      .map(({ id, request: { asked, task } }) => ({
        id,
        asked,
        title: titleOf(task),
        turned: task.options.turned,
      }));
  },
  resumeEvaluation: async (context, { request }) => {
    const { task } = await readRequest(requestFile(context.evaluations.folder, request));
    await requireImages(task);
    return start(context, task, request);
  },
  discardEvaluation: async (context, { request }) => {
    const { evaluations, jobs } = context;
    const atWork = jobs.board.jobs().some(({ runId, state }) => runId === request && state === 'running');
    if (atWork) throw new DermOrbitError('JOB_RUNNING', 'This evaluation is at work.');
    await removeRequest(requestFile(evaluations.folder, request));
    context.notify({ kind: 'evaluationsChanged' });
    return {};
  },
};

/** @param request id of what keeps it until it is finished: any later attempt, of any session, goes on from there */
function start(context: JobContext, task: EvaluateTask, request: string): Job {
  const { jobs, evaluations } = context;
  const run = async ({ signal, progress }: JobHandle): Promise<string> => {
    const id = evaluations.newId();
    const input = {
      ...task,
      request: requestFile(evaluations.folder, request),
      folder: evaluations.folderOf(id),
    };
    await jobs.api.call('evaluate', input, { signal, onEvent: progress });
    context.notify({ kind: 'evaluationsChanged' });
    return id;
  };
  return jobs.board.start({ kind: 'evaluate', title: titleOf(task), runId: request, run });
}

function titleOf({ models, source }: EvaluateTask): string {
  return `${models.join(', ')} on ${basename(source.images)}`;
}

async function requireImages({ source }: EvaluateTask): Promise<void> {
  if (await stat(source.images).catch(() => null)) return;
  const message = `${basename(source.images)} is no longer where it was. A folder that a browser uploaded goes with its session: choose the images again, and what was measured of them counts.`;
  throw new DermOrbitError('DATASET_NOT_FOUND', message);
}

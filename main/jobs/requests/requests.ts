// One handler per request about long jobs and the evaluations that came out of them. Dialogs, uploads and exports are
// the services' own.
import type { jobRequests } from '../../contract/application-jobs.ts';
import { selectImages } from '../../evaluation/selection/select.ts';
import { cacheHandlers } from './caches.ts';
import type { Handlers } from '../../rpc/dispatch.ts';
import type { JobContext } from './context.ts';
import { evaluatingHandlers } from './evaluating.ts';
import { trainingHandlers } from './training.ts';

type JobRequest = Exclude<
  keyof typeof jobRequests,
  'dataRoots' | 'chooseData' | 'dataFolder' | 'newDataFolder' | 'exportEvaluation'
>;

export const jobHandlers: Handlers<typeof jobRequests, JobContext, JobRequest> = {
  openDataset: ({ data, jobs }, { data: choice }, { signal }) =>
    jobs.api.call('openDataset', { source: data.sourceOf(choice) }, { signal }),

  jobs: ({ jobs }) => Promise.resolve(jobs.board.jobs()),
  ...evaluatingHandlers,
  ...trainingHandlers,
  ...cacheHandlers,
  cancelJob: ({ jobs }, { job }) => {
    jobs.board.cancel(job);
    return Promise.resolve({});
  },
  resumeJob: ({ jobs }, { job }) => Promise.resolve(jobs.board.resume(job)),
  trainingLog: ({ jobs }, { job }) => Promise.resolve(jobs.board.log(job)),

  evaluations: ({ evaluations }) => evaluations.list(),
  evaluation: ({ evaluations }, { evaluation }) => evaluations.open(evaluation),
  removeEvaluation: async (context, { evaluation }) => {
    await context.evaluations.remove(evaluation);
    context.notify({ kind: 'evaluationsChanged' });
    return {};
  },
  evaluatedImages: async ({ evaluations, evaluatedImages }, { evaluation, model, row, selection, limit }) => {
    const answers = await evaluations.answers(evaluation, model, row);
    const { total, images } = selectImages(answers, selection, limit, (path) => evaluatedImages.idOf(path));
    return { total, images };
  },
};

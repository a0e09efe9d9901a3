// One handler per request about long jobs and what came out of them.
import type { z } from 'zod';
import { jobRequests, type DataReference } from '../../contract/application-jobs.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import { evaluationReport } from '../../reports/evaluation-report.ts';
import type { CallOptions, Context } from '../context.ts';
import type { ExportDocument } from '../surface.ts';
import { cacheHandlers } from './caches.ts';
import { evaluatingHandlers } from './evaluating.ts';
import { selectCases } from './select-cases.ts';
import { trainingHandlers } from './training.ts';

type JobRequest = keyof typeof jobRequests;
type Checked<Name extends JobRequest> = z.output<(typeof jobRequests)[Name]['input']>;
type Output<Name extends JobRequest> = z.infer<(typeof jobRequests)[Name]['output']>;

type Handlers = {
  readonly [Name in JobRequest]: (
    context: Context,
    input: Checked<Name>,
    options: CallOptions<never>,
  ) => Promise<Output<Name>>;
};

export const jobHandlers: Handlers = {
  dataRoots: ({ data, dataRoots }) => Promise.resolve(dataRoots.map((path) => data.refer(path, 'folder'))),
  chooseData: async (context, { kind }) => {
    const path = await context.surface.chooseData(kind);
    return path === null ? null : context.data.refer(path, kind);
  },
  dataFolder: ({ data }, { id }) => data.contents(id),
  newDataFolder: async ({ data, uploads }, { name }): Promise<DataReference> =>
    data.refer(await uploads.newFolder(name), 'folder'),
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
  evaluationCases: async ({ evaluations, caseImages }, { evaluation, model, row, selection, limit }) => {
    const cases = await evaluations.cases(evaluation, model, row);
    return selectCases(cases, selection, limit, (path) => caseImages.idOf(path));
  },
  exportEvaluation: async (context, { evaluation, as }) =>
    context.surface.deliver(await documentOf(context, evaluation, as)),
};

async function documentOf(
  { evaluations }: Context,
  id: string,
  as: Checked<'exportEvaluation'>['as'],
): Promise<ExportDocument> {
  const evaluation = await evaluations.open(id);
  const name = `evaluation-${id}`;
  switch (as.format) {
    case 'report':
      return { name: `${name}.html`, mediaType: 'text/html', text: evaluationReport(evaluation) };
    case 'json':
      return {
        name: `${name}.json`,
        mediaType: 'application/json',
        text: JSON.stringify(evaluation, null, 2),
      };
    case 'predictions': {
      const known = evaluation.models.some(
        (model) => model.id === as.model && model.rows.some((row) => row.id === as.row),
      );
      if (!known) throw new DermOrbitError('REQUEST_INVALID', 'The evaluation has no such row.');
      const text = await evaluations.predictions(id, as.model, as.row);
      return { name: `${name}.${as.model}.${as.row}.csv`, mediaType: 'text/csv', text };
    }
  }
}

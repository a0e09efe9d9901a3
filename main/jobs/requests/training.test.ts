// Training as the page sees it, on jobs that end when the test says so and runs that lie in the data folder.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DataReference, Job } from '../../contract/application-jobs.ts';
import type { Notice } from '../../contract/application.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import type { JobsApi, TrainTask } from '../../contract/jobs.ts';
import { prefinetuneDefaults } from '../../contract/training-defaults.ts';
import type { Outlook, RunDetails, RunSummary, TrainRequest } from '../../contract/training-runs.ts';
import { testApplication, type TestApplication } from '../../testing/application.ts';
import { fakeEngine } from '../../testing/fake-engine.ts';
import { encodeHeader } from '../../training/cache/layout.ts';
import { writeCheckpoint } from '../../training/checkpoint.ts';
import { pixelKey } from '../../training/tower/squares.ts';

const found = {
  classes: ['MEL', 'NV'],
  training: [3, 5],
  validation: [1, 1],
  missing: [],
  lesionsKnown: true,
  problems: [],
  disk: { cache: 1, run: 2, free: 3 },
};

let test: TestApplication;
let notices: Notice[];
let trained: { task: TrainTask; run: string; resume: boolean }[];
beforeEach(async () => {
  trained = [];
  const api: JobsApi = {
    call: (operation, input, { signal } = {}) => {
      if (operation === 'outlook') return Promise.resolve(found as never);
      trained.push(input as never);
      return new Promise((_, reject: (error: DermOrbitError) => void) => {
        signal?.addEventListener('abort', () => {
          reject(new DermOrbitError('CANCELLED', 'Cancelled.'));
        });
      });
    },
    close: () => Promise.resolve(),
  };
  test = await testApplication(fakeEngine(), api);
  notices = [];
  test.application.onNotice((notice) => notices.push(notice));
  mkdirSync(join(test.folder, 'data'), { recursive: true });
});
afterEach(() => test.close());

const call = <T>(
  request: Parameters<TestApplication['application']['call']>[0],
  input: unknown,
): Promise<T> => test.application.call(request, input as never) as Promise<T>;
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
const runs = () => call<RunSummary[]>('trainingRuns', {});

async function request(): Promise<TrainRequest> {
  const [root] = await call<DataReference[]>('dataRoots', {});
  return {
    recipe: { kind: 'prefinetune', model: 'dermorbit-base', config: prefinetuneDefaults },
    data: { training: { images: root!.id, labels: null, lesions: null }, validation: null },
    out: 'mine',
  };
}

/** A run as training leaves it, stopped after a round that took a minute. */
async function stoppedRun(id: string, task: TrainTask): Promise<string> {
  const folder = join(test.folder, 'runs', id);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'request.json'), JSON.stringify(task));
  const figures = (round: number) => ({
    round,
    steps: round * prefinetuneDefaults.iterations,
    learningRate: null,
    loss: round === 0 ? null : 0.5,
    gradientNorm: null,
    validationLoss: 1,
    balancedAccuracy: 0.5,
    top1: 0.5,
    meanWeights: [0.25, 0.25, 0.25, 0.25],
    weightHistogram: null,
    seconds: 60,
  });
  await writeCheckpoint(join(folder, 'checkpoint.bin'), {
    identity: '',
    round: 1,
    history: [figures(0), figures(1)],
    best: 1,
    state: new Map(),
    bestWeights: new Map(),
  });
  return folder;
}

it('starts with paths that only this side knows, in a folder named by the model', async () => {
  const job = await call<Job>('startTraining', await request());
  expect(job).toMatchObject({ kind: 'train', state: 'running', title: 'mine', runId: 'mine' });
  expect(trained).toMatchObject([
    {
      run: join(test.folder, 'runs', 'mine'),
      resume: false,
      task: {
        out: 'mine',
        recipe: { kind: 'prefinetune', model: 'dermorbit-base' },
        data: { training: { images: join(test.folder, 'data') }, validation: null, validationShare: 0.1 },
      },
    },
  ]);
});

it('names no model by a path and no run by more than a name', async () => {
  const { recipe, ...rest } = await request();
  const refused = { code: 'REQUEST_INVALID' };
  const elsewhere = { ...recipe, model: '/etc/passwd' };
  await expect(call('startTraining', { ...rest, recipe: elsewhere })).rejects.toMatchObject(refused);
  await expect(call('startTraining', { ...rest, recipe, out: '../up' })).rejects.toMatchObject(refused);
  for (const operation of ['trainingRun', 'removeRun', 'resumeTraining'] as const) {
    await expect(call(operation, { run: '../models' })).rejects.toMatchObject(refused);
  }
  expect(trained).toEqual([]);
});

describe('runs', () => {
  it('are listed with their state, and opened with their figures', async () => {
    await call('startTraining', await request());
    await stoppedRun('earlier', trained[0]!.task);
    mkdirSync(join(test.folder, 'runs', 'no-run'));
    expect(await runs()).toMatchObject([
      {
        id: 'earlier',
        kind: 'prefinetune',
        model: 'dermorbit-base',
        method: 'lambda',
        state: 'stopped',
        round: 1,
        rounds: 20,
        best: { round: 1, balancedAccuracy: 0.5 },
        resumable: true,
      },
    ]);
    const opened = await call<RunDetails>('trainingRun', { run: 'earlier' });
    expect(opened.figures.map(({ loss }) => loss)).toEqual([null, 0.5]);
    expect(opened).toMatchObject({ folders: { training: 'data', validation: null }, result: null });
    await expect(call('trainingRun', { run: 'no-run' })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });

  it('go on with what they were asked for, but for what may change', async () => {
    const first = await call<Job>('startTraining', await request());
    await stoppedRun('mine', trained[0]!.task);
    const changes = { learningRate: 0.01, clip: 1 };
    const resumed = { run: 'mine', changes };
    await expect(call('resumeTraining', resumed)).rejects.toMatchObject({ code: 'JOB_RUNNING' });
    await expect(call('removeRun', { run: 'mine' })).rejects.toMatchObject({ code: 'JOB_RUNNING' });
    await call('cancelJob', { job: first.id });
    await settled();
    expect(await call('resumeTraining', resumed)).toMatchObject({ runId: 'mine', state: 'running' });
    const [before, after] = trained;
    expect(after).toEqual({
      ...before,
      resume: true,
      task: {
        ...before!.task,
        recipe: { ...before!.task.recipe, config: { ...before!.task.recipe.config, ...changes } },
      },
    });
    await expect(call('resumeTraining', { run: 'mine', changes: { seed: 2 } })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
    await expect(call('resumeTraining', { run: 'nobody' })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });

  it('are removed, and told of', async () => {
    const { id } = await call<Job>('startTraining', await request());
    await call('cancelJob', { job: id });
    await settled();
    const folder = await stoppedRun('mine', trained[0]!.task);
    await call('removeRun', { run: 'mine' });
    expect(existsSync(folder)).toBe(false);
    expect(await runs()).toEqual([]);
    expect(notices.map(({ kind }) => kind)).toContain('runsChanged');
  });

  it('tell how long another one like them takes', async () => {
    const { recipe, data } = await request();
    expect(await call<Outlook>('outlook', { recipe, data })).toEqual({ ...found, time: null });
    await call('startTraining', await request());
    await stoppedRun('earlier', trained[0]!.task);
    const { time } = await call<Outlook>('outlook', { recipe, data });
    expect(time).toEqual({ seconds: 20 * 60, run: 'earlier' });
  });
});

describe('caches', () => {
  const put = () => {
    const folder = join(test.folder, 'caches');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'notes.txt'), 'no cache');
    const path = join(folder, 'pixels-64.cache');
    writeFileSync(path, encodeHeader(pixelKey(64)));
    return path;
  };

  it('are listed, removed, and told of', async () => {
    expect(await call('caches', {})).toEqual([]);
    const path = put();
    expect(await call('caches', {})).toMatchObject([
      { name: 'pixels-64.cache', bytes: 4096, holds: { content: 'pixels', side: 64, images: 0 } },
    ]);
    await call('removeCache', { cache: 'pixels-64.cache' });
    expect(existsSync(path)).toBe(false);
    expect(notices.map(({ kind }) => kind)).toContain('cachesChanged');
    const again = call('removeCache', { cache: 'pixels-64.cache' });
    await expect(again).rejects.toMatchObject({ code: 'CACHE_NOT_FOUND' });
    const elsewhere = call('removeCache', { cache: '../caches/notes.txt' });
    await expect(elsewhere).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('stay while a job runs', async () => {
    const path = put();
    await call('startTraining', await request());
    const removing = call('removeCache', { cache: 'pixels-64.cache' });
    await expect(removing).rejects.toMatchObject({ code: 'JOB_RUNNING' });
    expect(existsSync(path)).toBe(true);
  });
});

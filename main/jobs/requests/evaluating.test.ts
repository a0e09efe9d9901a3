// Long jobs as the page sees them: data that it may name, one job at a time, what is known after a reload.
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  DataFolder,
  DataReference,
  EvaluateRequest,
  InterruptedEvaluation,
  Job,
} from '../../contract/application-jobs.ts';
import type { Notice } from '../../contract/application.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import { evaluateTaskSchema, type JobProgress, type JobsApi } from '../../contract/jobs.ts';
import type { TrainingEvent } from '../../contract/training-events.ts';
import { noteRequest, requestFile } from '../../evaluation/store/unfinished.ts';
import { testApplication, type TestApplication } from '../../testing/application.ts';
import { fakeEngine } from '../../testing/fake-engine.ts';
import { JobBoard } from '../board.ts';

const progress: JobProgress = { stage: 'measuring', detail: null, done: 1, total: 2, secondsLeft: null };

/** Jobs that end when the test says so, or when they are cancelled. */
class HeldJobs {
  readonly inputs: unknown[] = [];
  end: (error?: DermOrbitError) => void = () => undefined;
  readonly api: JobsApi = {
    call: (_operation, input, { signal, onEvent } = {}) =>
      new Promise((resolve, reject: (error: DermOrbitError) => void) => {
        this.inputs.push(input);
        onEvent?.(progress as never);
        signal?.addEventListener('abort', () => {
          reject(new DermOrbitError('CANCELLED', 'Cancelled.'));
        });
        this.end = (error) => {
          if (error) reject(error);
          else resolve({} as never);
        };
      }),
    close: () => Promise.resolve(),
  };
}

let test: TestApplication;
let held: HeldJobs;
let notices: Notice[];
beforeEach(async () => {
  held = new HeldJobs();
  test = await testApplication(fakeEngine(), held.api);
  notices = [];
  test.application.onNotice((notice) => notices.push(notice));
  mkdirSync(join(test.folder, 'data', 'set', 'MEL'), { recursive: true });
  writeFileSync(join(test.folder, 'data', 'labels.csv'), 'path,label\n');
});
afterEach(() => test.close());

const call = <T>(
  request: Parameters<TestApplication['application']['call']>[0],
  input: unknown,
): Promise<T> => test.application.call(request, input as never) as Promise<T>;

async function roots(): Promise<DataReference> {
  const [root] = await call<DataReference[]>('dataRoots', {});
  return root!;
}
async function evaluation(): Promise<EvaluateRequest> {
  const { id } = await roots();
  return {
    data: { images: id, labels: null, lesions: null },
    models: ['dermorbit-base'],
    choices: { groups: ['c4'], methods: ['lambda'] },
  };
}
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
const listed = async () => (await call<Job[]>('jobs', {}))[0]!;

describe('labelled data', () => {
  it('is what the host was started with and what lies in there; links are not followed', async () => {
    symlinkSync('/', join(test.folder, 'data', 'everything'));
    const root = await roots();
    expect(root).toMatchObject({ name: 'data', kind: 'folder' });
    const { folders, tables } = await call<DataFolder>('dataFolder', { id: root.id });
    expect(folders.map(({ name }) => name)).toEqual(['set']);
    expect(tables.map(({ name }) => name)).toEqual(['labels.csv']);
    expect(await call('dataFolder', { id: root.id })).toEqual({ folders, tables });
  });

  it('is never a path of the page', async () => {
    const request = await evaluation();
    for (const images of ['/etc', '../../..', 'a'.repeat(22)]) {
      const data = { images, labels: null, lesions: null };
      await expect(call('startEvaluation', { ...request, data })).rejects.toMatchObject({
        code: expect.stringMatching(/REQUEST_INVALID|DATASET_NOT_FOUND/) as string,
      });
      await expect(call('openDataset', { data })).rejects.toThrow();
    }
    // A table is no folder.
    const { tables } = await call<DataFolder>('dataFolder', { id: (await roots()).id });
    const data = { images: tables[0]!.id, labels: null, lesions: null };
    await expect(call('openDataset', { data })).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' });
    expect(held.inputs).toEqual([]);
  });

  it('may be uploaded into a folder of its own, and not beside it', async () => {
    const { id } = await call<DataReference>('newDataFolder', { name: '../../mine' });
    const take = (path: string) =>
      test.application.addToDataFolder(id, path, Readable.from([Buffer.from('x')]));
    await take('mine/MEL/a.jpg');
    await take('mine/../../../../b.csv');
    const { folders, tables } = await call<DataFolder>('dataFolder', { id });
    expect(folders.map(({ name }) => name)).toEqual(['mine']);
    const inside = await call<DataFolder>('dataFolder', { id: folders[0]!.id });
    expect(inside.folders.map(({ name }) => name)).toEqual(['MEL']);
    expect(inside.tables.map(({ name }) => name)).toEqual(['b.csv']);
    expect(tables).toEqual([]);
    // What is chosen on disk is read, never written.
    await expect(
      test.application.addToDataFolder((await roots()).id, 'new.jpg', Readable.from([])),
    ).rejects.toMatchObject({ code: 'IMAGE_OUTSIDE_FOLDER' });
    expect(existsSync(join(test.folder, 'data', 'new.jpg'))).toBe(false);
  });
});

describe('a job', () => {
  it('runs alone, is told of and is known after a reload', async () => {
    const job = await call<Job>('startEvaluation', await evaluation());
    expect(job).toMatchObject({ kind: 'evaluate', state: 'running', title: 'dermorbit-base on data' });
    await settled();
    expect(await listed()).toMatchObject({ id: job.id, state: 'running', progress });
    await expect(call('startEvaluation', await evaluation())).rejects.toMatchObject({ code: 'JOB_RUNNING' });
    held.end();
    await settled();
    expect(await listed()).toMatchObject({ state: 'done', error: null });
    const states = notices.flatMap((notice) => (notice.kind === 'job' ? [notice.job.state] : []));
    expect([...new Set(states)]).toEqual(['running', 'done']);
    expect(notices.map(({ kind }) => kind)).toContain('evaluationsChanged');
  });

  it('can be cancelled, and resumed with what it was started with', async () => {
    const job = await call<Job>('startEvaluation', await evaluation());
    await call('cancelJob', { job: job.id });
    await settled();
    expect(await listed()).toMatchObject({ state: 'cancelled', error: null });
    await call('resumeJob', { job: job.id });
    expect(await listed()).toMatchObject({ id: job.id, state: 'running', progress });
    const [first, second] = held.inputs as { request: string; folder: string }[];
    expect(second).toEqual({ ...first, folder: second!.folder });
    held.end(new DermOrbitError('JOB_STOPPED', 'The job process ended: signal SIGKILL.'));
    await settled();
    expect(await listed()).toMatchObject({ state: 'failed', error: { code: 'JOB_STOPPED' } });
    await expect(call('cancelJob', { job: 'a'.repeat(22) })).rejects.toMatchObject({ code: 'JOB_UNKNOWN' });
  });
});

describe('an evaluation that an earlier session left', () => {
  const id = '20260101-000000-aaaaaa';
  const folder = () => join(test.folder, 'evaluations');
  const journal = () => join(folder(), 'dermorbit-base-0.jsonl');
  async function leave(images = join(test.folder, 'data')): Promise<void> {
    mkdirSync(folder(), { recursive: true });
    writeFileSync(journal(), '');
    const task = evaluateTaskSchema.parse({
      models: ['dermorbit-base'],
      source: { images, labels: null, lesions: null },
      choices: { groups: ['c4'], methods: ['lambda'] },
      options: { angleStep: 30 },
    });
    await noteRequest(requestFile(folder(), id), task, journal());
  }
  const interrupted = () => call<InterruptedEvaluation[]>('interruptedEvaluations', {});

  it('is listed, and goes on with what it was asked for', async () => {
    expect(await interrupted()).toEqual([]);
    await leave();
    expect(await interrupted()).toMatchObject([{ id, title: 'dermorbit-base on data', turned: 'all' }]);
    const job = await call<Job>('resumeEvaluation', { request: id });
    expect(job).toMatchObject({ kind: 'evaluate', state: 'running', title: 'dermorbit-base on data' });
    expect(held.inputs[0]).toMatchObject({
      request: requestFile(folder(), id),
      source: { images: join(test.folder, 'data') },
      options: { angleStep: 30, turned: 'all' },
    });
    // From now on it is a job of this session.
    expect(await interrupted()).toEqual([]);
    await expect(call('discardEvaluation', { request: id })).rejects.toMatchObject({ code: 'JOB_RUNNING' });
    expect(existsSync(journal())).toBe(true);
  });

  it('can be discarded with what was measured', async () => {
    await leave();
    await call('discardEvaluation', { request: id });
    expect(await interrupted()).toEqual([]);
    expect(readdirSync(folder())).toEqual([]);
    expect(notices.map(({ kind }) => kind)).toContain('evaluationsChanged');
    await expect(call('resumeEvaluation', { request: id })).rejects.toMatchObject({
      code: 'EVALUATION_NOT_FOUND',
    });
    for (const request of ['../settings', 'a/../../b', '']) {
      await expect(call('discardEvaluation', { request })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    }
  });

  it('says that its images are gone, and stays', async () => {
    await leave(join(test.folder, 'dermorbit-uploads-1', 'mine'));
    await expect(call('resumeEvaluation', { request: id })).rejects.toMatchObject({
      code: 'DATASET_NOT_FOUND',
      message: expect.stringContaining('mine is no longer where it was') as string,
    });
    expect(held.inputs).toEqual([]);
    expect(await interrupted()).toMatchObject([{ id }]);
  });
});

it('keeps the lasting events of a training, and of those that replace one another the latest', async () => {
  const told: Notice[] = [];
  const board = new JobBoard((notice) => told.push(notice));
  const step = (number: number): TrainingEvent => ({
    kind: 'step',
    round: 1,
    step: number,
    steps: 100,
    loss: 1,
    balancedAccuracy: null,
    secondsLeft: 1,
  });
  const stopped: TrainingEvent = { kind: 'stopped-early', round: 1, patience: 2 };
  const job = board.start({
    kind: 'train',
    title: 'mine',
    runId: 'mine',
    run: ({ training }) => {
      for (let number = 1; number <= 100; number++) training(step(number));
      training(stopped);
      return Promise.resolve('mine');
    },
  });
  await settled();
  expect(board.log(job.id)).toEqual([step(100), stopped]);
  expect(board.jobs()[0]).toMatchObject({ state: 'done', result: 'mine' });
  const events = told.filter(({ kind }) => kind === 'trainingEvent');
  expect(events.length).toBeLessThan(20);
});

it('lists evaluations that can be read and passes over the others', async () => {
  const folder = join(test.folder, 'evaluations');
  for (const name of ['20260101-000000-aaaaaa', 'something-else'])
    mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, '20260101-000000-aaaaaa', 'evaluation.json'), '{"schema":1}');
  expect(await call('evaluations', {})).toEqual([]);
  const damaged = { evaluation: '20260101-000000-aaaaaa' };
  await expect(call('evaluation', damaged)).rejects.toMatchObject({ code: 'EVALUATION_INVALID' });
  await expect(call('evaluation', { evaluation: '20260101-000000-bbbbbb' })).rejects.toMatchObject({
    code: 'EVALUATION_NOT_FOUND',
  });
  await expect(call('removeEvaluation', { evaluation: '../settings' })).rejects.toMatchObject({
    code: 'REQUEST_INVALID',
  });
  await call('removeEvaluation', damaged);
  expect(readdirSync(folder)).toEqual(['something-else']);
  expect(() => readFileSync(join(folder, '20260101-000000-aaaaaa', 'evaluation.json'))).toThrow();
});

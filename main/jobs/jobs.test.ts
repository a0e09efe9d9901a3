// Jobs on a small random model and phantoms: in this process, and in the process the app runs them in, which is killed.
import { cpSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobInput, JobProgress, Recipe } from '../contract/jobs.ts';
import { finetuneDefaults, scratchDefaults } from '../contract/training-defaults.ts';
import { isicClasses } from '../contract/settings.ts';
import type { TrainingEvent } from '../contract/training-events.ts';
import type { ProcessChild } from '../base/process/child.ts';
import { forkProcess } from '../base/process/fork.ts';
import { smallRequest, trainingBench, type TrainingBench } from '../testing/training.ts';
import { headerBytes } from '../training/cache/layout.ts';
import { prefinetune } from '../training/prefinetune.ts';
import { listRuns, readRun, readTask } from '../training/run/read-run.ts';
import { jobProcess } from './client.ts';
import { createJobs } from './jobs.ts';
import { readAnswers, readEvaluation } from '../evaluation/store/results.ts';
import { readRequest } from '../evaluation/store/unfinished.ts';

const perClass = 4;
let bench: TrainingBench;
beforeAll(async () => {
  bench = await trainingBench(perClass);
});
afterAll(() => {
  bench.remove();
});

const sourceOf = (images: string) => ({ images, labels: null, lesions: null });

/** An evaluation of the small model; its package is named by its folder, which a process of its own can find. */
function request(name: string, changes: Partial<JobInput<'evaluate'>> = {}): JobInput<'evaluate'> {
  return {
    models: [bench.model.folder],
    provider: 'cpu',
    source: sourceOf(bench.images),
    choices: { groups: ['c4'], methods: ['equitune'] },
    options: { resamples: 20, checkedImages: 0 },
    request: join(bench.root, name, 'unfinished', 'one.request.json'),
    folder: join(bench.root, name, 'result'),
    ...changes,
  };
}

describe('openDataset', () => {
  it('counts what is there and lists what cannot be used', async () => {
    const folder = join(bench.root, 'with-problems');
    for (const code of ['MEL', 'NV']) {
      mkdirSync(join(folder, code), { recursive: true });
      writeFileSync(join(folder, code, `${code}.jpg`), 'opened only when it is measured');
    }
    writeFileSync(join(folder, 'alone.jpg'), '');
    const found = await createJobs(bench.folders).call('openDataset', { source: sourceOf(folder) });
    expect(found).toMatchObject({ format: 'class-folders', images: 2, lesions: 2, lesionsKnown: 0 });
    // A folder named MEL is one of the seven.
    expect(found.classes.filter(({ images }) => images > 0).map(({ code }) => code)).toEqual(['MEL', 'NV']);
    expect(found.problems.map(({ problem, count }) => [problem.code, count])).toContainEqual([
      'IMAGE_WITHOUT_LABEL',
      1,
    ]);
  });

  it('refuses what is no labelled set, and what is no request', async () => {
    const jobs = createJobs(bench.folders);
    const nowhere = sourceOf(join(bench.root, 'nowhere'));
    await expect(jobs.call('openDataset', { source: nowhere })).rejects.toMatchObject({
      code: expect.stringMatching(/^DATASET_/) as string,
    });
    await expect(jobs.call('evaluate', { ...request('bad'), models: [] })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
    await expect(jobs.call('evaluate', request('bad', { models: ['no-such-model'] }))).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    });
    // One model by two names.
    const twice = request('bad', { models: [bench.model.folder, `${bench.model.folder}/`] });
    await expect(jobs.call('evaluate', twice)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    expect(existsSync(join(bench.root, 'bad', 'result'))).toBe(false);
  });
});

describe('evaluate', () => {
  it('tells how far it is, and leaves a result that can be read back, answers to each image included', async () => {
    const events: JobProgress[] = [];
    const { folder, ...rest } = request('whole', {
      choices: { groups: ['c4'], methods: ['equitune', 'equizero'] },
      options: { resamples: 20, checkedImages: 0, angleStep: 90 },
    });
    const { evaluation, failedImages } = await createJobs(bench.folders).call(
      'evaluate',
      { folder, ...rest },
      { onEvent: (event) => events.push(event) },
    );
    expect(failedImages).toBe(0);
    expect([...new Set(events.map(({ stage }) => stage))]).toEqual([
      'opening',
      'measuring',
      'statistics',
      'writing',
    ]);
    const measuring = events.filter(({ stage }) => stage === 'measuring');
    expect(measuring.map(({ done }) => done)).toEqual(measuring.map((_, place) => place + 1));
    expect(measuring.at(-1)).toMatchObject({ done: 4 * perClass, total: 4 * perClass, secondsLeft: 0 });
    expect(await readEvaluation(folder)).toEqual(evaluation);
    const [model] = evaluation.models;
    const answers = await readAnswers(folder, model!.id, 'c4-equitune');
    expect(answers.images).toHaveLength(4 * perClass);
    expect(answers.row.transformations).toEqual(['0°', '90°', '180°', '270°']);
    // The confusion matrix is what the kept answers add up to.
    const { confusion } = model!.rows.find(({ id }) => id === 'c4-equitune')!;
    const counted = confusion.map((row) => row.map(() => 0));
    answers.images.forEach(({ label }, place) => {
      const answer = answers.row.answers[0]![place]!;
      counted[label]![answer < 0 ? confusion.length : answer]!++;
    });
    expect(counted).toEqual(confusion);
    // What stands behind the figures of angles and weights is kept with it.
    const { row: zero } = await readAnswers(folder, model!.id, 'c4-equizero');
    const measured = model!.rows.find(({ id }) => id === 'c4-equizero')!;
    expect(zero.freeAngles?.transformations).toEqual(measured.freeAngles?.transformations);
    const [masked, ...angles] = zero.freeAngles!.answers;
    const changed = angles.map((view) => view.filter((answer, image) => answer !== masked![image]).length);
    expect(changed.map((number) => number / (4 * perClass))).toEqual(
      ['90°', '180°', '270°'].map(
        (name) => measured.freeAngles!.shares.find((one) => one.name === `flippedBy/${name}`)!.value,
      ),
    );
    expect(zero.weights?.orientations).toEqual(['0°', '90°', '180°', '270°']);
    const largest = (place: number) => zero.weights!.weights.subarray(4 * place, 4 * place + 4).indexOf(1);
    expect(answers.images.filter((_, place) => largest(place) === 0).length / (4 * perClass)).toBe(
      measured.weights!.all.orientations[0]!.largestShare,
    );
    expect(answers.row.weights).toBeNull();
    expect(readdirSync(join(folder, 'predictions')).sort()).toEqual(
      model!.rows.map(({ id }) => `${model!.id}.${id}.csv`).sort(),
    );
    expect(readdirSync(dirname(rest.request))).toEqual([]);
  });

  it('keeps what was measured when it is cancelled, and goes on from there', async () => {
    const jobs = createJobs(bench.folders);
    const controller = new AbortController();
    const run = jobs.call('evaluate', request('cancelled'), {
      signal: controller.signal,
      onEvent: ({ stage, done }) => {
        if (stage === 'measuring' && done === 5) controller.abort();
      },
    });
    await expect(run).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(existsSync(join(bench.root, 'cancelled', 'result'))).toBe(false);
    // What was asked for stays beside what was measured, whole enough to be asked again.
    const { request: file, models, source, choices, options } = request('cancelled');
    const { task, journals } = await readRequest(file);
    expect(task).toMatchObject({ models, source, choices, options });
    expect(readdirSync(dirname(file)).sort()).toEqual([...journals, basename(file)].sort());
    expect(journals).toHaveLength(1);
    const { evaluation } = await jobs.call('evaluate', request('cancelled'));
    expect(evaluation.resumedImages).toBeGreaterThanOrEqual(5);
    expect(readdirSync(dirname(file))).toEqual([]);
  });
});

describe('train', () => {
  it('installs a model; cancelled, it goes on with what is checkpointed', async () => {
    const jobs = createJobs(bench.folders);
    const { config, data, run } = smallRequest(bench, 'job-trained');
    const recipe = { kind: 'prefinetune', config, model: 'small' } as const;
    const task = { recipe, data, provider: 'cpu', out: 'job-trained' } as const;
    const input: JobInput<'train'> = { task, run, resume: false };
    const controller = new AbortController();
    const events: TrainingEvent[] = [];
    const cancelled = jobs.call('train', input, {
      signal: controller.signal,
      onEvent: (event) => {
        events.push(event);
        if (event.kind === 'round' && event.figures.round === 1) controller.abort();
      },
    });
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
    const rounds = () => events.flatMap((event) => (event.kind === 'round' ? [event.figures.round] : []));
    expect(rounds()).toEqual([0, 1]);
    const runs = join(run, '..');
    expect(await listRuns(runs)).toMatchObject([
      { id: 'job-trained', state: 'stopped', round: 1, rounds: 3, resumable: true, best: { round: 1 } },
    ]);
    // Everything that resuming needs lies in the folder.
    expect(await readTask(run)).toEqual(task);
    expect((await readRun(run)).figures.map(({ round }) => round)).toEqual([0, 1]);
    events.length = 0;
    const done = await jobs.call(
      'train',
      { ...input, resume: true },
      { onEvent: (event) => events.push(event) },
    );
    expect(done).toEqual({ model: 'job-trained' });
    expect(rounds()).toEqual([2, 3]);
    expect(bench.imported()).toContain('job-trained');
    const finished = await readRun(run);
    expect(finished).toMatchObject({
      state: 'finished',
      round: 3,
      resumable: false,
      folders: { training: 'images', validation: null },
      data: { lesionsKnown: false, training: { images: 12 }, validation: { images: 4 }, skipped: [] },
    });
    expect(finished.result?.results[0]).toMatchObject({ name: 'job-trained, lambda', flipRate: 0 });
    expect(readdirSync(run)).toEqual(expect.arrayContaining(['curves.png', 'curves.svg', 'result.json']));
  });

  it('knows the other kinds', async () => {
    const jobs = createJobs(bench.folders);
    const { data } = smallRequest(bench, 'x');
    const steps = { rounds: 1, iterations: 1, batch: 2 };
    const architecture = { ...scratchDefaults.architecture, width: 4, size: 64, embedding: 16 };
    const recipes: Recipe[] = [
      { kind: 'finetune', model: 'small', config: { ...finetuneDefaults, ...steps, group: 'c2' } },
      { kind: 'scratch', config: { ...scratchDefaults, ...steps, architecture } },
    ];
    for (const recipe of recipes) {
      const out = `job-${recipe.kind}`;
      const run = join(bench.root, 'kinds', out);
      // These images show four of the seven classes that a training from scratch finds in their folders.
      const task = { recipe, data: { ...data, allowMissingClasses: true }, out };
      expect(await jobs.call('train', { task, run, resume: false })).toEqual({ model: out });
      const read = await readRun(run);
      expect(read).toMatchObject({ kind: recipe.kind, state: 'finished', round: 1 });
      expect(read.result?.results[0]?.flipRate).not.toBeNull();
    }
  });

  it('refuses a run that exists before it reads any image', async () => {
    const { config, data, run } = smallRequest(bench, 'job-trained');
    const recipe = { kind: 'prefinetune', config, model: 'small' } as const;
    const events: TrainingEvent[] = [];
    const again = createJobs(bench.folders).call(
      'train',
      { task: { recipe, data, out: 'another' }, run, resume: false },
      { onEvent: (event) => events.push(event) },
    );
    await expect(again).rejects.toMatchObject({ code: 'RUN_EXISTS' });
    expect(events).toEqual([]);
    expect(await readTask(run)).toMatchObject({ out: 'job-trained' });
  });
});

describe('outlook', () => {
  const data = { training: sourceOf(''), validation: null, validationShare: 0.25, limit: null };

  it('counts both sides, names classes without images and says what it takes', async () => {
    const jobs = createJobs(bench.folders);
    const { config } = smallRequest(bench, 'x');
    const recipe = { kind: 'prefinetune', config, model: 'small' } as const;
    const training = sourceOf(bench.images);
    const found = await jobs.call('outlook', {
      recipe,
      data: { ...data, training, allowMissingClasses: false },
    });
    expect(found).toMatchObject({ lesionsKnown: false, missing: [] });
    expect(found.training).toEqual(found.classes.map(() => perClass - 1));
    expect(found.validation).toEqual(found.classes.map(() => 1));
    expect(found.problems.map(({ problem }) => problem.code)).toContain('LESIONS_UNKNOWN');
    // A cache that holds these images and nothing else but its header.
    const cache = join(bench.root, 'measured.orbits');
    await prefinetune(bench.store, smallRequest(bench, 'measured', { rounds: 1 }, { cache }));
    const { size } = statSync(cache);
    expect(found.disk.cache).toBe(size - headerBytes);
    expect(found.disk.free).toBeGreaterThan(0);

    const partial = join(bench.root, 'partial');
    for (const code of found.classes.slice(1)) {
      cpSync(join(bench.images, code), join(partial, code), { recursive: true });
    }
    const lacking = await jobs.call('outlook', {
      recipe,
      data: { ...data, training: sourceOf(partial), allowMissingClasses: false },
    });
    expect(lacking.missing).toEqual([found.classes[0]]);
  });

  it('takes the classes of a training from scratch from its images', async () => {
    const training = sourceOf(bench.images);
    const { classes, missing, disk } = await createJobs(bench.folders).call('outlook', {
      recipe: { kind: 'scratch', config: scratchDefaults },
      data: { ...data, training, allowMissingClasses: false },
    });
    // Folders named MEL, NV, ... stand for the seven classes of ISIC 2018.
    expect(classes).toEqual([...isicClasses]);
    expect(missing).toEqual(isicClasses.filter((code) => !existsSync(join(bench.images, code))));
    expect(disk.cache).toBeGreaterThan(4 * perClass * 3 * 128 * 128);
  });
});

describe('in a process of its own', () => {
  it('starts with the first job; a death ends the job, and the next one goes on from what was measured', async () => {
    const children: ProcessChild[] = [];
    const jobs = jobProcess((program) => {
      const child = forkProcess(program);
      children.push(child);
      return child;
    });
    expect(jobs.state().state).toBe('idle');
    try {
      const found = await jobs.call('openDataset', { source: sourceOf(bench.images) });
      expect(found.images).toBe(4 * perClass);
      const run = jobs.call('evaluate', request('killed'), {
        onEvent: ({ stage, done }) => {
          if (stage === 'measuring' && done === 5) children[0]!.kill();
        },
      });
      await expect(run).rejects.toMatchObject({
        code: 'JOB_STOPPED',
        message: 'The job process ended: signal SIGKILL.',
      });
      expect(jobs.state()).toMatchObject({ state: 'idle', restarts: 0 });
      const { evaluation } = await jobs.call('evaluate', request('killed'));
      expect(evaluation.resumedImages).toBeGreaterThanOrEqual(4);
      expect(children).toHaveLength(2);
      expect(jobs.state()).toMatchObject({ state: 'ready', restarts: 1 });
    } finally {
      await jobs.close();
    }
    await expect(jobs.call('openDataset', { source: sourceOf(bench.images) })).rejects.toMatchObject({
      code: 'JOB_STOPPED',
    });
  });
});

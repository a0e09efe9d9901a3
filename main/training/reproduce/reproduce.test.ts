// A reproduction end to end with a small random model: stopped and resumed, and with CIFAR-100's files.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Reproduction, ReproductionEvent } from '../../contract/reproduction.ts';
import { isicClasses } from '../../contract/settings.ts';
import type { ModelPackage } from '../../engine/store/package.ts';
import { fineLabels } from '../../evaluation/datasets/cifar100-labels.ts';
import { refusalOf } from '../../evaluation/testing/sets.ts';
import { readSafetensors, writeSafetensors } from '../../backbones/checkpoints/safetensors.ts';
import { importModel } from '../../engine/store/import.ts';
import { smallClassEmbeddings, smallImport, writeTensors } from '../../testing/random-model.ts';
import { temporaryStore, type TemporaryStore } from '../../testing/model-store.ts';
import { drawImages, smallModel } from '../../testing/training.ts';
import { rowsOf } from './plan.ts';
import { prepareReproduction, type ReproductionRequest } from './prepare.ts';
import { reproduce } from './reproduce.ts';

let temporary: TemporaryStore;
let model: ModelPackage;
const path = (...names: string[]) => join(temporary.root, ...names);
const source = (images: string) => ({ images, labels: null, lesions: null });

beforeAll(async () => {
  temporary = temporaryStore();
  model = await smallModel(temporary, 'seven', isicClasses);
  await drawImages(path('training'), 4, isicClasses, 0);
  await drawImages(path('validation'), 2, isicClasses, 50);
});
afterAll(() => {
  temporary.remove();
});

const request = (work: string, changes: Partial<ReproductionRequest> = {}): ReproductionRequest => ({
  dataset: 'isic',
  model,
  provider: 'cpu',
  data: {
    training: source(path('training')),
    validation: source(path('validation')),
    ...{ validationShare: 0.1, limit: null, allowMissingClasses: false },
  },
  work: path(work),
  rows: rowsOf('isic', ['original']),
  onlyPrefinetune: false,
  scale: 0.001,
  seed: 1,
  ...changes,
});

/** Runs to the end, or until an event says stop. */
async function run(
  asked: ReproductionRequest,
  stopAt: (event: ReproductionEvent) => boolean = () => false,
): Promise<{ result: Reproduction; events: ReproductionEvent[] }> {
  const controller = new AbortController();
  const events: ReproductionEvent[] = [];
  const following = {
    signal: controller.signal,
    onEvent: (event: ReproductionEvent) => {
      events.push(event);
      if (stopAt(event)) controller.abort();
    },
  };
  return { result: await reproduce(await prepareReproduction(asked, following), following), events };
}

/** Everything but times and hashes, which hold the time of the installation. */
const figuresOf = ({ zeroShot, rows }: Reproduction) => ({
  zeroShot,
  rows: rows.map((row) => row.stages.map(({ measured }) => measured)),
});

const isRound = (event: ReproductionEvent) =>
  event.kind === 'training' && event.event.kind === 'round' && event.event.figures.round === 1;
const trainedSteps = (events: readonly ReproductionEvent[]) =>
  events.flatMap((event) => (event.kind === 'step' ? [event.id] : []));

describe('on ISIC', () => {
  let whole: Reproduction;

  it('ends with published numbers beside measured ones', async () => {
    const { result, events } = await run(request('whole'));
    whole = result;
    expect(events[0]).toMatchObject({
      kind: 'outlook',
      outlook: { images: { training: 28, validation: 14 } },
    });
    expect(result.rows).toMatchObject([
      {
        ...{ id: 'c4-original', title: 'original' },
        stages: [
          { stage: 'pre', published: 0.1503, failure: null, model: 'repro-isic-c4-original-pre' },
          { stage: 'fine', published: 0.6373, failure: null, model: 'repro-isic-c4-original-fine' },
        ],
      },
    ]);
    for (const { measured } of result.rows[0]!.stages) {
      expect(measured?.settings).toEqual({
        ...{ group: 'c4', method: 'lambda', level: 'embedding', inverse: 'off', head: 'plain' },
      });
      expect(measured?.flipRate.value).toBe(0);
    }
    const methods = result.zeroShot.map(({ settings: { method, level } }) => `${method} ${level}`);
    expect(methods).toEqual(['vanilla feature', 'tta feature', 'equitune feature', 'equitune embedding']);
    expect(result.differences[0]).toContain('not CLIP RN50');
    expect(result.differences.join()).toContain('A trial with 0.1 %');
    expect(result.data).toMatchObject({ images: 14, imagesPerClass: [2, 2, 2, 2, 2, 2, 2] });
  });

  it('stopped twice, it goes on where it was, and ends with the same figures', async () => {
    const stopped = request('stopped');
    expect(await refusalOf(() => run(stopped, isRound))).toMatchObject({ code: 'CANCELLED' });
    let rounds = 0;
    const inFinetuning = (event: ReproductionEvent) => isRound(event) && ++rounds === 1;
    expect(await refusalOf(() => run(stopped, inFinetuning))).toMatchObject({ code: 'CANCELLED' });
    const { result, events } = await run(stopped);
    expect(trainedSteps(events)).toEqual(['repro-isic-c4-original-fine']);
    expect(figuresOf(result)).toEqual(figuresOf(whole));
    const again = await run(stopped);
    expect(again.events.map(({ kind }) => kind)).toEqual(['outlook']);
    expect(figuresOf(again.result)).toEqual(figuresOf(whole));
  });

  it('takes more rows later, and refuses other settings in the same folder', async () => {
    const rows = rowsOf('isic', ['original', 'attention']);
    const { result, events } = await run(request('whole', { rows, onlyPrefinetune: true }));
    expect(trainedSteps(events)).toEqual(['repro-isic-c4-attention-pre']);
    expect(result.rows.map(({ stages }) => stages.map(({ published }) => published))).toEqual([
      [0.1503],
      [null],
    ]);
    expect(await refusalOf(() => run(request('whole', { scale: 0.5 })))).toMatchObject({
      code: 'RUN_MISMATCH',
      message: expect.stringContaining('scale was 0.001, now 0.5') as string,
    });
  });
});

it('tells of a row that diverges, does not finetune it, and goes on with the others', async () => {
  const wild = await importModel(
    temporary.store,
    smallImport(temporary, {
      id: 'wild',
      classes: [...isicClasses],
      classEmbeddings: writeTensors(temporary.root, 'wild-classes', enlarged(1e25)),
    }),
  );
  const rows = rowsOf('isic', ['lambda', 'attention']);
  const { result, events } = await run(request('wild-work', { model: wild, rows }));
  const failures = result.rows.map(({ stages }) => stages.map(({ failure }) => failure?.slice(0, 12)));
  expect(failures).toEqual([
    ['The gradient', 'The gradient'],
    ['The gradient', 'The gradient'],
  ]);
  expect(result.zeroShot[0]!.top1.value).not.toBeNull();
  expect(events.filter(({ kind }) => kind === 'failed')).toHaveLength(4);
});

/** Class embeddings so long that a gradient is no number. */
function enlarged(factor: number) {
  const tensors = readSafetensors(writeSafetensors(smallClassEmbeddings(isicClasses.length)));
  const found = tensors.get('class_embeddings')!;
  const data = found.float32().map((value) => value * factor);
  return new Map([['class_embeddings', { dims: found.dims, dtype: 'float32' as const, data }]]);
}

describe('on CIFAR-100', () => {
  /** One image of every class, of one colour and some noise. */
  const cifarFile = (name: string, shade: number) => {
    mkdirSync(path('cifar'), { recursive: true });
    const records = fineLabels.map((_, label) => {
      const record = Buffer.alloc(2 + 3 * 32 * 32, (shade + 2 * label) % 256);
      record[0] = 0;
      record[1] = label;
      for (let at = 2; at < record.length; at += 7) record[at] = (at * (label + 3)) % 256;
      return record;
    });
    writeFileSync(path('cifar', name), Buffer.concat(records));
    return source(path('cifar', name));
  };

  it('needs its hundred classes, and says how to get them', async () => {
    const data = {
      ...request('c').data,
      validation: cifarFile('test.bin', 9),
      training: cifarFile('train.bin', 3),
    };
    const refusal = await refusalOf(() => run(request('cifar-work', { dataset: 'cifar100', data })));
    expect(refusal.code).toBe('REPRODUCTION_CLASSES');
    expect(refusal.message).toContain(`--prompts "${path('cifar-work', 'prompts.json')}" --classes apple,`);
    const prompts: unknown = JSON.parse(readFileSync(path('cifar-work', 'prompts.json'), 'utf8'));
    expect(prompts).toMatchObject({ names: { aquarium_fish: 'aquarium fish' } });
  });

  it('runs with both groups', async () => {
    const hundred = await smallModel(temporary, 'hundred', fineLabels);
    const data = {
      ...request('c').data,
      validation: source(path('cifar', 'test.bin')),
      training: source(path('cifar', 'train.bin')),
    };
    const rows = rowsOf('cifar100', ['c4-lambda', 'c2-updated']);
    const { result } = await run(
      request('cifar-work', { dataset: 'cifar100', model: hundred, data, rows, onlyPrefinetune: true }),
    );
    expect(result.rows.map(({ id, stages }) => [id, stages[0]!.published])).toEqual([
      ['c4-lambda', 0.4095],
      ['c2-updated', 0.3769],
    ]);
    expect(result.zeroShot.map(({ settings }) => settings.group)).toEqual([
      ...['c4', 'c4', 'c4', 'c4'],
      ...['c2', 'c2', 'c2', 'c2'],
    ]);
    expect(result.notes.join()).not.toContain('nevus');
  });
});

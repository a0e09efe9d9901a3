// Every bad request to the engine that is known, with its exact code; and what a batch does when files in it are
// bad, vanish, or the person has had enough. Rows are never removed. What single images can do wrong is in
// main/imaging/bad-input.test.ts; packages and imports have tables of their own in store/.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Classified, EngineApi, EngineOperation } from '../contract/engine.ts';
import type { ErrorCode } from '../contract/error-texts/table.ts';
import { isFailure } from '../contract/record.ts';
import { gradientFile, handmadePng } from '../testing/images.ts';
import { temporaryStore } from '../testing/model-store.ts';
import { smallImport } from '../testing/random-model.ts';
import { createEngine } from './engine.ts';

const temporary = temporaryStore();
const images = join(temporary.root, 'images');
let engine: EngineApi;
let good: string;

beforeAll(async () => {
  mkdirSync(images);
  engine = createEngine({ folders: temporary.folders });
  const { id, checkpoint, classEmbeddings, classes } = smallImport(temporary, { id: 'bare' });
  await engine.call('importModel', { id, checkpoint, classEmbeddings, classes });
  await engine.call('importModel', smallImport(temporary, { id: 'small' }));
  good = await image('good.png');
});
afterAll(async () => {
  await engine.close();
  temporary.remove();
});

async function image(name: string): Promise<string> {
  return file(name, await gradientFile('png', 40, 30));
}

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(images, name);
  writeFileSync(path, bytes);
  return path;
}

type Row = {
  [Name in EngineOperation]: readonly [
    what: string,
    operation: Name,
    /** Not typed as the contract's: what arrives from outside need not keep to it. */
    input: () => object,
    code: ErrorCode,
    message: RegExp,
  ];
}[EngineOperation];

const classify = (changes: object) => () => ({ model: 'small', paths: [good], ...changes });
const settings = (choice: object, model = 'small') => classify({ model, settings: choice });

const table: readonly Row[] = [
  ['an unknown provider', 'classify', classify({ provider: 'gpu' }), 'PROVIDER_UNKNOWN', /provider/],
  [
    'no name of a provider',
    'inspect',
    () => ({ model: 'small', path: good, provider: '' }),
    'PROVIDER_UNKNOWN',
    /provider/,
  ],
  ['an unknown model', 'classify', classify({ model: 'nobody' }), 'MODEL_NOT_FOUND', /nobody/],
  ['a folder without a model', 'classify', classify({ model: images }), 'MODEL_NOT_FOUND', /images/],
  ['no default model', 'classify', classify({ model: undefined }), 'MODEL_NOT_FOUND', /dermorbit-base/],
  ['an unknown group', 'classify', settings({ group: 'c3' }), 'OPTION_INVALID', /settings\.group/],
  ['an unknown method', 'classify', settings({ method: 'magic' }), 'OPTION_INVALID', /settings\.method/],
  ['an unknown level', 'classify', settings({ level: 'pixel' }), 'OPTION_INVALID', /settings\.level/],
  ['an unknown head', 'classify', settings({ head: 'none' }), 'OPTION_INVALID', /settings\.head/],
  [
    'an inverse that is neither on nor off',
    'classify',
    settings({ inverse: true }),
    'OPTION_INVALID',
    /settings\.inverse/,
  ],
  ['no paths', 'classify', () => ({ model: 'small' }), 'OPTION_INVALID', /paths/],
  ['a path that is no text', 'classify', classify({ paths: [3] }), 'OPTION_INVALID', /paths\.0/],
  [
    'lambda without its network',
    'classify',
    settings({ method: 'lambda' }, 'bare'),
    'COMBINER_MISSING',
    /lambda network/,
  ],
  [
    'lambda at embedding level without its network',
    'classify',
    settings({ method: 'lambda', level: 'embedding' }, 'bare'),
    'COMBINER_MISSING',
    /lambda_embedding/,
  ],
  [
    'attention without its network',
    'classify',
    settings({ method: 'attention' }, 'bare'),
    'COMBINER_MISSING',
    /attention network/,
  ],
  [
    'attention at embedding level without its network',
    'inspect',
    () => ({ model: 'bare', path: good, settings: { method: 'attention', level: 'embedding' } }),
    'COMBINER_MISSING',
    /attention network/,
  ],
  [
    'an image that is not there, in depth',
    'inspect',
    () => ({ model: 'small', path: join(images, 'nowhere.png') }),
    'IMAGE_NOT_FOUND',
    /nowhere/,
  ],
  ['a folder, in depth', 'inspect', () => ({ model: 'small', path: images }), 'IMAGE_UNREADABLE', /folder/],
  [
    'an image that is not there, turned',
    'turnTest',
    () => ({ model: 'small', path: join(images, 'nowhere.png'), step: 90 }),
    'IMAGE_NOT_FOUND',
    /nowhere/,
  ],
  [
    'a turn test without a step',
    'turnTest',
    () => ({ model: 'small', path: good, step: 0 }),
    'OPTION_INVALID',
    /step/,
  ],
  [
    'a turn test with a step that is not a number',
    'turnTest',
    () => ({ model: 'small', path: good, step: NaN }),
    'OPTION_INVALID',
    /step/,
  ],
  ['details of an unknown model', 'model', () => ({ id: 'nobody' }), 'MODEL_NOT_FOUND', /nobody/],
  ['verification of an unknown model', 'verifyModel', () => ({ id: 'nobody' }), 'MODEL_NOT_FOUND', /nobody/],
  ['removal of an unknown model', 'removeModel', () => ({ id: 'nobody' }), 'MODEL_NOT_FOUND', /nobody/],
  [
    'removal of a folder',
    'removeModel',
    () => ({ id: join(temporary.folders.imported, 'small') }),
    'MODEL_NOT_FOUND',
    /small/,
  ],
  [
    'an import under a bad id',
    'importModel',
    () => smallImport(temporary, { id: '../x' }),
    'MODEL_ID_INVALID',
    /\.\.\/x/,
  ],
  [
    'an import under a taken id',
    'importModel',
    () => smallImport(temporary, { id: 'small' }),
    'MODEL_EXISTS',
    /small/,
  ],
  ['an import without a checkpoint', 'importModel', () => ({ id: 'new' }), 'OPTION_INVALID', /checkpoint/],
];

it.each(table)('%s', async (_, operation, input, code, message) => {
  const call = engine.call(operation, input());
  await expect(call).rejects.toMatchObject({
    name: 'DermOrbitError',
    code,
    message: expect.stringMatching(message) as unknown,
  });
});

/** What a batch says of each of its files: its top class, or the code of its failure. */
async function batch(
  paths: readonly string[],
  options: { signal?: AbortSignal; onEvent?: (event: Classified) => void } = {},
) {
  const events: Classified[] = [];
  const counts = await engine.call(
    'classify',
    { model: 'small', paths: [...paths] },
    {
      ...options,
      onEvent: (event) => {
        events.push(event);
        options.onEvent?.(event);
      },
    },
  );
  return { counts, events };
}

const outcome = ({ record }: Classified) => (isFailure(record) ? record.error.code : 'classified');

describe('a batch', () => {
  it('tells of each bad file in its place, and goes on', async () => {
    const png = await gradientFile('png', 40, 30);
    const files: readonly (readonly [path: string, outcome: string])[] = [
      [file('text.png', 'not an image'), 'IMAGE_UNRECOGNISED'],
      [good, 'classified'],
      [file('empty.png', ''), 'IMAGE_EMPTY'],
      [file('cut.png', png.subarray(0, png.length - 40)), 'IMAGE_TRUNCATED'],
      [await image('second.png'), 'classified'],
      [join(images, 'nowhere.png'), 'IMAGE_NOT_FOUND'],
      [
        file(
          'bomb.png',
          handmadePng({ width: 30_000, height: 30_000, bitDepth: 8, colourType: 2 }, new Uint8Array(9)),
        ),
        'IMAGE_TOO_LARGE',
      ],
      [file('png-named.jpg', png), 'classified'],
      [images, 'IMAGE_UNREADABLE'],
      [`${good}\0.png`, 'IMAGE_NOT_FOUND'],
      [good, 'classified'],
      [file('last.png', ''), 'IMAGE_EMPTY'],
    ];
    const { counts, events } = await batch(files.map(([path]) => path));
    expect(events.map(({ index }) => index)).toEqual(files.map((_, index) => index));
    expect(events.map(({ record }) => record.image.path)).toEqual(files.map(([path]) => path));
    expect(events.map(outcome)).toEqual(files.map(([, expected]) => expected));
    expect(counts).toEqual({ classified: 4, failed: 8 });
    for (const { record } of events) {
      // Each failure says what happened and what to do.
      if (isFailure(record)) expect(Object.values(record.error).every((text) => text.length > 3)).toBe(true);
    }
  });

  it('of nothing is done at once', async () => {
    expect((await batch([])).counts).toEqual({ classified: 0, failed: 0 });
  });

  it('goes on when a file vanishes while it runs', async () => {
    const paths = await Promise.all(Array.from({ length: 9 }, (_, i) => image(`vanishing-${i}.png`)));
    const { events } = await batch(paths, {
      onEvent: ({ index }) => {
        if (index === 0) rmSync(paths[6]!);
      },
    });
    expect(events.map(outcome)).toEqual(paths.map((_, i) => (i === 6 ? 'IMAGE_NOT_FOUND' : 'classified')));
  });

  it('goes on when the folder of its files vanishes', async () => {
    const folder = join(images, 'unplugged');
    mkdirSync(folder);
    const paths = await Promise.all(Array.from({ length: 8 }, (_, i) => image(`unplugged/${i}.png`)));
    const { events, counts } = await batch(paths, {
      onEvent: () => {
        rmSync(folder, { recursive: true, force: true });
      },
    });
    expect(counts.classified + counts.failed).toBe(8);
    expect(events.slice(5).map(outcome)).toEqual(['IMAGE_NOT_FOUND', 'IMAGE_NOT_FOUND', 'IMAGE_NOT_FOUND']);
  });
});

describe('cancelling', () => {
  it('ends a batch within one image, and what was read ahead is forgotten', async () => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', listen);
    const controller = new AbortController();
    // Files read ahead fail after the end: nobody waits for them any more, and nothing may come of that.
    const paths = [good, good, ...Array.from({ length: 30 }, (_, i) => join(images, `missing-${i}.png`))];
    let events = 0;
    const running = batch(paths, {
      signal: controller.signal,
      onEvent: () => {
        events++;
        controller.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(events).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    process.off('unhandledRejection', listen);
    expect(unhandled).toEqual([]);
  });

  it('is heard between two images also when it arrives from outside', async () => {
    const controller = new AbortController();
    let events = 0;
    const running = batch(
      Array.from({ length: 400 }, () => good),
      {
        signal: controller.signal,
        onEvent: () => {
          // As a message from another process does: behind what already waits.
          if (++events === 2)
            setImmediate(() => {
              controller.abort();
            });
        },
      },
    );
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(events).toBeLessThanOrEqual(3);
  });

  it('before the start does nothing', async () => {
    let events = 0;
    const running = batch([good], { signal: AbortSignal.abort(), onEvent: () => events++ });
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(events).toBe(0);
  });

  it('ends a turn test within one angle', async () => {
    const controller = new AbortController();
    let points = 0;
    const running = engine.call(
      'turnTest',
      { model: 'small', path: good, step: 1 },
      {
        signal: controller.signal,
        onEvent: () => {
          points++;
          controller.abort();
        },
      },
    );
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(points).toBe(1);
  });

  it('leaves the engine as it was', async () => {
    expect((await batch([good])).counts).toEqual({ classified: 1, failed: 0 });
  });
});

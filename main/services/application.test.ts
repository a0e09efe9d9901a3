import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Notice, WorkItem } from '../contract/application.ts';
import { testApplication, type TestApplication } from '../testing/application.ts';
import { fakeEngine } from '../testing/fake-engine.ts';

let test: TestApplication;
let notices: Notice[];

beforeEach(async () => {
  test = await testApplication();
  notices = [];
  test.application.onNotice((notice) => notices.push(notice));
});
afterEach(() => test.close());

function items(): WorkItem[] {
  return notices.flatMap((notice) => (notice.kind === 'itemsAdded' ? notice.items : []));
}
const ids = (): string[] => items().map((item) => item.id);

describe('work list', () => {
  it('adds files and folders once, in natural order, and says what cannot be used', async () => {
    const first = await test.image('in/2.png');
    await test.image('in/10.png');
    writeFileSync(join(test.folder, 'in', 'notes.txt'), 'no image');
    const addition = await test.application.addPaths([
      first,
      join(test.folder, 'in'),
      join(test.folder, 'renderer'),
    ]);
    expect(items().map((item) => item.name)).toEqual(['2.png', '10.png']);
    expect(addition).toMatchObject({
      added: 2,
      duplicates: 0,
      errors: [{ name: 'renderer', error: { code: 'NO_IMAGES' } }],
    });
    expect(await test.application.addPaths([first])).toMatchObject({ added: 0, duplicates: 1 });
  });

  it('gives no path of an upload away and removes the upload with the item', async () => {
    await test.application.addUpload('../../evil name.png', readFileSync(await test.image('a.png')));
    const [item] = items();
    expect(item).toMatchObject({ name: 'evil name.png', folder: null, origin: 'upload' });
    await test.application.call('classify', { images: ids() });
    const [listed] = test.application.list.items();
    expect(listed?.record?.image.path).toBe('evil name.png');
    const path = test.application.list.pathOf(item?.id ?? '');
    expect(existsSync(path)).toBe(true);
    await test.application.call('removeImages', { images: ids() });
    expect(existsSync(path)).toBe(false);
    expect(test.application.list.items()).toEqual([]);
  });

  it('refuses an upload that is too large and leaves nothing of it', async () => {
    const { openUploads } = await import('./uploads.ts');
    const uploads = await openUploads(test.folder);
    await expect(uploads.receive('a.png', new Uint8Array(11), 10, 'IMAGE_TOO_LARGE')).rejects.toMatchObject({
      code: 'IMAGE_TOO_LARGE',
    });
    expect(readdirSync(uploads.folder)).toEqual([]);
    await uploads.close();
    expect(existsSync(uploads.folder)).toBe(false);
  });
});

describe('batch', () => {
  it('reports each image by id with progress, failures among them', async () => {
    await test.application.addPaths([
      await test.image('a.png'),
      await test.image('bad.png'),
      await test.image('c.png'),
    ]);
    const steps: { image: string; done: number; total: number; secondsLeft: number | null }[] = [];
    const end = await test.application.call(
      'classify',
      { images: ids() },
      { onEvent: (step) => steps.push(step as (typeof steps)[0]) },
    );
    expect(end).toEqual({ classified: 2, failed: 1 });
    expect(steps.map((step) => step.image)).toEqual(ids());
    expect(steps.map((step) => [step.done, step.total])).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    expect(steps[0]?.secondsLeft).toBeNull();
    expect(steps[2]?.secondsLeft).toBe(0);
    expect(test.application.list.items().map((item) => item.record !== null)).toEqual([true, true, true]);
  });

  it('keeps what was finished before a cancel', async () => {
    await test.close();
    const controller = new AbortController();
    let files = 0;
    test = await testApplication(
      fakeEngine(() => {
        if (++files === 3) controller.abort();
        return Promise.resolve();
      }),
    );
    test.application.onNotice((notice) => notices.push(notice));
    await test.application.addPaths(
      await Promise.all(['1', '2', '3', '4'].map((name) => test.image(`${name}.png`))),
    );
    const run = test.application.call('classify', { images: ids() }, { signal: controller.signal });
    await expect(run).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(test.application.list.items().filter((item) => item.record !== null)).toHaveLength(2);
  });
});

describe('requests', () => {
  it('refuses input that is not of the contract', async () => {
    for (const input of [{}, { images: [] }, { images: ['../../etc/passwd'] }, { images: 'all' }, null]) {
      await expect(test.application.call('classify', input as never)).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
      });
    }
    await expect(
      test.application.call('inspect', { image: 'a'.repeat(22), model: '/etc' }),
    ).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(test.application.call('inspect', { image: 'a'.repeat(22) })).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
    });
    expect(test.engine.calls).toEqual([]);
  });

  it('exports the results of the list, and refuses where there are none', async () => {
    await test.application.addPaths([await test.image('=1+1.png'), await test.image('b.png')]);
    await expect(test.application.call('exportCsv', { images: ids() })).rejects.toMatchObject({
      code: 'NO_IMAGES',
    });
    await test.application.call('classify', { images: ids() });
    const csv = (await test.application.call('exportCsv', { images: ids() })) as {
      kind: string;
      url: string;
    };
    expect(csv.kind).toBe('download');
    const id = csv.url.replace('download/', '');
    expect(test.application.documents.get(id)?.text.split('\r\n')).toHaveLength(4);
    const json = (await test.application.call('exportJson', { images: ids() })) as { url: string };
    const records: unknown = JSON.parse(
      test.application.documents.get(json.url.replace('download/', ''))?.text ?? '',
    );
    expect(records).toEqual(test.application.list.items().map((item) => item.record));
  });

  it('makes a report with the picture in it', async () => {
    await test.application.addPaths([await test.image('a.png')]);
    const report = (await test.application.call('exportReport', { image: ids()[0]! })) as {
      kind: string;
      url: string;
    };
    expect(report.kind).toBe('view');
    expect(test.application.documents.get(report.url.replace('report/', ''))?.text).toContain(
      'data:image/jpeg;base64,',
    );
  });
});

describe('settings', () => {
  it('persist, field by field', async () => {
    await test.application.call('savePreferences', { theme: 'dark' });
    await test.application.call('savePreferences', { turnStep: 5 });
    const written: unknown = JSON.parse(readFileSync(join(test.folder, 'settings.json'), 'utf8'));
    expect(written).toMatchObject({ preferences: { theme: 'dark', turnStep: 5 } });
    expect(readdirSync(test.folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it.each(['{"schema":1', '[]', '{"schema":1,"preferences":{"theme":"pink"}}', '\0\0'])(
    'sets a corrupt file aside: %j',
    async (text) => {
      const { openSettings } = await import('./settings-store.ts');
      const path = join(test.folder, 'other.json');
      writeFileSync(path, text);
      const store = await openSettings(path);
      expect(store.preferences.theme).toBe('system');
      expect(readFileSync(join(test.folder, store.problem?.setAside ?? ''), 'utf8')).toBe(text);
      await store.savePreferences({ theme: 'light' });
      expect((await openSettings(path)).problem).toBeNull();
    },
  );
});

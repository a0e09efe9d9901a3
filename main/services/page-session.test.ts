import { afterEach, expect, it } from 'vitest';
import { DermOrbitError } from '../contract/errors.ts';
import type { ServerFrame } from '../contract/frames.ts';
import { testApplication, type TestApplication } from '../testing/application.ts';
import { openPageSession, type PageSession } from './page-session.ts';

let opened: TestApplication | null = null;
afterEach(async () => {
  await opened?.close();
  opened = null;
});

it('keeps notices for a page that has not spoken yet, and sends later ones at once', async () => {
  opened = await testApplication();
  const { application } = opened;
  const frames: ServerFrame[] = [];
  const notices = () => frames.flatMap((frame) => (frame.kind === 'notice' ? [frame.notice] : []));
  const session = openPageSession(application, (frame) => frames.push(frame));
  application.notify({ kind: 'openView', view: 'models' });
  expect(frames).toEqual([]);
  session.receive('no frame of the contract');
  expect(frames).toEqual([]);
  session.receive({ kind: 'call', id: 1, operation: 'session', input: {} });
  expect(notices()).toEqual([{ kind: 'openView', view: 'models' }]);
  application.notify({ kind: 'openView', view: 'about' });
  expect(notices()).toHaveLength(2);
  session.close();
  application.notify({ kind: 'openView', view: 'classify' });
  expect(notices()).toHaveLength(2);
});

/** A session on an engine that classifies until it is told to stop; `stopped` holds the images that were. */
async function busySession(): Promise<{
  session: PageSession;
  frames: ServerFrame[];
  stopped: string[];
  classify: (id: number) => void;
}> {
  const stopped: string[] = [];
  opened = await testApplication();
  const { application } = opened;
  const original = application.call.bind(application);
  application.call = (request, input, options) => {
    if (request !== 'classify') return original(request, input, options);
    const [image = ''] = (input as { images: string[] }).images;
    return new Promise((_resolve, reject) => {
      options?.onEvent?.({ image } as never);
      options?.signal?.addEventListener('abort', () => {
        stopped.push(image);
        reject(new DermOrbitError('CANCELLED', image));
      });
    });
  };
  const frames: ServerFrame[] = [];
  const session = openPageSession(application, (frame) => frames.push(frame));
  const classify = (id: number): void => {
    session.receive({ kind: 'call', id, operation: 'classify', input: { images: [`image ${id}`] } });
  };
  return { session, frames, stopped, classify };
}

it('cancels the call that is named, and no other', async () => {
  const { session, frames, stopped, classify } = await busySession();
  classify(1);
  classify(2);
  session.receive({ kind: 'cancel', id: 3 });
  expect(stopped).toEqual([]);
  session.receive({ kind: 'cancel', id: 2 });
  expect(stopped).toEqual(['image 2']);
  await expect
    .poll(() => frames.at(-1))
    .toMatchObject({ kind: 'error', id: 2, error: { code: 'CANCELLED' } });
  expect(frames.filter(({ kind }) => kind === 'event')).toEqual([
    { kind: 'event', id: 1, event: { image: 'image 1' } },
    { kind: 'event', id: 2, event: { image: 'image 2' } },
  ]);
  session.close();
});

it('refuses the number of a call that still runs, and takes it again afterwards', async () => {
  const { session, frames, stopped, classify } = await busySession();
  classify(1);
  classify(1);
  await expect
    .poll(() => frames.at(-1))
    .toMatchObject({ kind: 'error', id: 1, error: { code: 'REQUEST_INVALID' } });
  session.receive({ kind: 'cancel', id: 1 });
  await expect.poll(() => frames.at(-1)).toMatchObject({ error: { code: 'CANCELLED' } });
  classify(1);
  expect(frames.at(-1)).toMatchObject({ kind: 'event', id: 1 });
  session.close();
  expect(stopped).toEqual(['image 1', 'image 1']);
});

it('stops every call of a page that goes away, and says nothing to it any more', async () => {
  const { session, frames, stopped, classify } = await busySession();
  classify(1);
  classify(2);
  const said = frames.length;
  session.close();
  expect(stopped).toEqual(['image 1', 'image 2']);
  await new Promise((resolve) => setImmediate(resolve));
  expect(frames).toHaveLength(said);
});

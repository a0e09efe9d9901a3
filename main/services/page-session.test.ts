import { afterEach, expect, it } from 'vitest';
import type { MainFrame } from '../contract/wire.ts';
import { testApplication, type TestApplication } from '../testing/application.ts';
import { openPageSession } from './page-session.ts';

let opened: TestApplication | null = null;
afterEach(async () => {
  await opened?.close();
  opened = null;
});

it('keeps notices for a page that has not spoken yet, and sends later ones at once', async () => {
  opened = await testApplication();
  const { application } = opened;
  const frames: MainFrame[] = [];
  const notices = () => frames.flatMap((frame) => (frame.kind === 'notice' ? [frame.notice] : []));
  const session = openPageSession(application, (frame) => frames.push(frame));
  application.notify({ kind: 'openView', view: 'models' });
  expect(frames).toEqual([]);
  session.receive('no frame of the contract');
  expect(frames).toEqual([]);
  session.receive({ kind: 'call', id: 1, request: 'session', input: {} });
  expect(notices()).toEqual([{ kind: 'openView', view: 'models' }]);
  application.notify({ kind: 'openView', view: 'about' });
  expect(notices()).toHaveLength(2);
  session.close();
  application.notify({ kind: 'openView', view: 'classify' });
  expect(notices()).toHaveLength(2);
});

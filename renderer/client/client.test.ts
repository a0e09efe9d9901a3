import { expect, it } from 'vitest';
import type { ServerFrame } from '../../main/contract/frames.ts';
import { clientOver } from './client.ts';

it('keeps notices from before anyone listens', () => {
  let receive: (frame: ServerFrame) => void = () => undefined;
  const client = clientOver({
    send: () => undefined,
    onFrame: (listener) => {
      receive = listener;
    },
    onConnection: () => undefined,
    addFiles: () => Promise.resolve(null),
    addFile: () => Promise.resolve(null),
    addDataFile: () => Promise.resolve(null),
    droppedFiles: () => Promise.resolve([]),
  });
  receive({ kind: 'notice', notice: { kind: 'openView', view: 'models' } });
  const heard: string[] = [];
  client.onNotice((notice) => heard.push(notice.kind));
  receive({ kind: 'notice', notice: { kind: 'command', command: 'openFiles' } });
  expect(heard).toEqual(['openView', 'command']);
});

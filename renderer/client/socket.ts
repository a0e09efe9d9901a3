// The transport in a browser: frames over a WebSocket beside the page's own address (whose path holds the
// token), files as uploads, one after the other, so that they stand in the list as they were given.
import { additionSchema, joinAdditions, type Addition } from '../../main/contract/application.ts';
import { DermOrbitError } from '../../main/contract/errors.ts';
import { errorRecordSchema } from '../../main/contract/error-record.ts';
import { serverFrameSchema, type ClientFrame, type ServerFrame } from '../../main/contract/frames.ts';
import type { Transport } from './transport.ts';
import { formatList } from '../../main/contract/image-kinds.ts';
import { groupSkipped, skippedStep, someNames } from '../../main/contract/skipped.ts';
import { filesOf, isFromFolder, isImageName, passedOver } from './dropped.ts';

const reconnectAfterMilliseconds = 1000;

export function socketTransport(base: URL): Transport {
  const frameListeners: ((frame: ServerFrame) => void)[] = [];
  const connectionListeners: ((connected: boolean) => void)[] = [];
  const unsent: string[] = [];
  let socket: WebSocket;
  let connected = false;

  function open(): void {
    const address = new URL('socket', base);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    socket = new WebSocket(address);
    socket.addEventListener('open', () => {
      const reopened = !connected;
      connected = true;
      for (const text of unsent.splice(0)) socket.send(text);
      if (reopened) for (const listener of connectionListeners) listener(true);
    });
    socket.addEventListener('message', (message: MessageEvent<unknown>) => {
      if (typeof message.data !== 'string') return;
      const frame = serverFrameSchema.parse(JSON.parse(message.data));
      for (const listener of frameListeners) listener(frame);
    });
    socket.addEventListener('close', () => {
      if (connected) {
        connected = false;
        for (const listener of connectionListeners) listener(false);
      }
      setTimeout(open, reconnectAfterMilliseconds);
    });
  }
  open();

  function send(frame: ClientFrame): void {
    const text = JSON.stringify(frame);
    if (socket.readyState === WebSocket.OPEN) socket.send(text);
    else unsent.push(text);
  }

  return {
    send,
    onFrame: (listener) => {
      frameListeners.push(listener);
    },
    onConnection: (listener) => {
      connectionListeners.push(listener);
    },
    addFiles: (files, signal) => uploadImages(base, files, signal),
    addFile: (file) => upload(base, 'upload/file', file, { name: file.name }),
    addDataFile: (folder, path, file, signal) => upload(base, 'upload/data', file, { folder, path }, signal),
    droppedFiles: filesOf,
  };
}

async function uploadImages(base: URL, chosen: readonly File[], signal?: AbortSignal): Promise<Addition> {
  // A folder brings everything in it; files chosen by themselves are taken whatever their names.
  const inFolder = (file: File) => file.webkitRelativePath !== '' || isFromFolder(file);
  const files = chosen.filter((file) => !inFolder(file) || isImageName(file.name));
  const passed = chosen.filter((file) => !files.includes(file)).flatMap(({ name }) => passedOver(name));
  const skipped = groupSkipped(passed);
  if (files.length === 0) {
    const found = skipped.map((group) => `${group.text} (${someNames(group)}). ${skippedStep(group, 'app')}`);
    throw new DermOrbitError(
      'NO_IMAGES',
      `The folder holds no ${formatList('or')} files. ${found.join(' ')}`.trim(),
    );
  }
  const additions: Addition[] = [{ added: 0, duplicates: 0, errors: [], skipped }];
  for (const file of files) {
    const answer = await upload(base, 'upload/image', file, { name: file.name }, signal);
    additions.push(additionSchema.parse(answer));
  }
  return joinAdditions(additions);
}

async function upload(
  base: URL,
  route: string,
  file: File,
  parameters: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<unknown> {
  const address = new URL(route, base);
  for (const [key, value] of Object.entries(parameters)) address.searchParams.set(key, value);
  let response: Response;
  try {
    response = await fetch(address, { method: 'POST', body: file, signal: signal ?? null });
  } catch (thrown) {
    if (signal?.aborted === true) throw new DermOrbitError('CANCELLED', 'Adding files was cancelled.');
    throw new DermOrbitError('IMAGE_UNREADABLE', `${file.name} could not be read.`, { cause: thrown });
  }
  const body: unknown = await response.json();
  if (!response.ok) throw DermOrbitError.fromRecord(errorRecordSchema.parse(body));
  return body;
}

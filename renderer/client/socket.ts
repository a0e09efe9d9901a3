// The transport in a browser: frames over a WebSocket beside the page's own address (whose path holds the
// token), files as uploads, one after the other, so that they stand in the list as they were given.
import { additionSchema, type Addition } from '../../main/contract/application.ts';
import { DermOrbitError } from '../../main/contract/errors.ts';
import { errorRecordSchema } from '../../main/contract/record.ts';
import { mainFrameSchema, type MainFrame, type PageFrame } from '../../main/contract/wire.ts';
import type { Transport } from './client.ts';
import { filesOf, isImageName } from './dropped.ts';

const reconnectAfterMilliseconds = 1000;

export function socketTransport(base: URL): Transport {
  const frameListeners: ((frame: MainFrame) => void)[] = [];
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
      const frame = mainFrameSchema.parse(JSON.parse(message.data));
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

  function send(frame: PageFrame): void {
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
  // A chosen folder brings everything in it; files chosen by themselves are taken whatever their names.
  const files = chosen.filter((file) => file.webkitRelativePath === '' || isImageName(file.name));
  if (files.length === 0) {
    throw new DermOrbitError('NO_IMAGES', 'The folder holds no JPEG, PNG, TIFF or WebP files.');
  }
  const total: Addition = { added: 0, duplicates: 0, errors: [] };
  for (const file of files) {
    const addition = additionSchema.parse(
      await upload(base, 'upload/image', file, { name: file.name }, signal),
    );
    total.added += addition.added;
    total.duplicates += addition.duplicates;
    total.errors.push(...addition.errors);
  }
  return total;
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

// The contract over IPC. Every message is taken only from the main frame of our own window, showing our own page.
import type { IpcMain, IpcMainEvent, IpcMainInvokeEvent, WebContents } from 'electron';
import { z } from 'zod';
import { asDermOrbitError, DermOrbitError } from '../contract/errors.ts';
import type { FileAnswer } from '../contract/page-bridge.ts';
import type { Application } from '../services/application.ts';
import { openPageSession, type PageSession } from '../services/page-session.ts';
import { addBytesChannel, addFileChannel, addPathsChannel, frameChannel, isOwn } from './origin.ts';

const pathsSchema = z.array(z.string().min(1)).min(1).max(100_000);
const bytesSchema = z.strictObject({ name: z.string().max(1000), bytes: z.instanceof(Uint8Array) });
const fileSchema = z.union([z.strictObject({ path: z.string().min(1) }), bytesSchema]);

/** Connects a window's page with the application, for as long as the page lives. */
export function connectPage(ipcMain: IpcMain, application: Application, contents: WebContents): void {
  const isOurPage = ({ sender, senderFrame }: IpcMainEvent | IpcMainInvokeEvent): boolean =>
    sender === contents &&
    senderFrame !== null &&
    senderFrame === contents.mainFrame &&
    isOwn(senderFrame.url);

  const open = (): PageSession =>
    openPageSession(application, (frame) => {
      if (!contents.isDestroyed()) contents.send(frameChannel, frame);
    });
  let session = open();

  // A reload begins anew: what the old page asked for is cancelled.
  contents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
    if (!isMainFrame || isSameDocument) return;
    session.close();
    session = open();
  });

  ipcMain.on(frameChannel, (event, frame: unknown) => {
    if (isOurPage(event)) session.receive(frame);
  });

  const answer = <T>(channel: string, schema: z.ZodType<T>, act: (input: T) => Promise<unknown>): void => {
    ipcMain.handle(channel, async (event, input: unknown): Promise<FileAnswer> => {
      if (!isOurPage(event)) return refusal('The message did not come from the page of this window.');
      const parsed = schema.safeParse(input);
      if (!parsed.success) return refusal(z.prettifyError(parsed.error));
      try {
        return { ok: true, value: await act(parsed.data) };
      } catch (thrown) {
        return { ok: false, error: asDermOrbitError(thrown).toRecord() };
      }
    });
  };
  answer(addPathsChannel, pathsSchema, (paths) => application.addPaths(paths));
  answer(addBytesChannel, bytesSchema, ({ name, bytes }) => application.addUpload(name, bytes));
  answer(addFileChannel, fileSchema, (file) =>
    'path' in file ? application.referTo(file.path) : application.addFile(file.name, file.bytes),
  );

  contents.once('destroyed', () => {
    session.close();
    ipcMain.removeAllListeners(frameChannel);
    for (const channel of [addPathsChannel, addBytesChannel, addFileChannel]) ipcMain.removeHandler(channel);
  });
}

function refusal(message: string): FileAnswer {
  return { ok: false, error: new DermOrbitError('REQUEST_INVALID', message).toRecord() };
}

// Runs before the page, in the sandbox, in a world of its own: gives the page `window.dermorbit` and nothing else.
// Frames are checked against the contract in both directions; paths of dropped files never pass through the page.
import './jitless.ts';
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import {
  additionSchema,
  applicationContract,
  joinAdditions,
  type Addition,
} from '../contract/application.ts';
import { clientFrameSchema, serverFrameSchema } from '../contract/frames.ts';
import { fileAnswerSchema, type FileAnswer, type PageBridge } from '../contract/page-bridge.ts';
import { addBytesChannel, addFileChannel, addPathsChannel, frameChannel } from './origin.ts';

const pageFrameSchema = clientFrameSchema(applicationContract);

const bridge: PageBridge<File> = {
  send: (frame) => {
    ipcRenderer.send(frameChannel, pageFrameSchema.parse(frame));
  },
  subscribe: (listener) => {
    const forward = (_event: unknown, frame: unknown): void => {
      listener(serverFrameSchema.parse(frame));
    };
    ipcRenderer.on(frameChannel, forward);
    return () => {
      ipcRenderer.off(frameChannel, forward);
    };
  },
  addFiles: async (files) => {
    const paths = files.map(pathOf);
    const answers: FileAnswer[] = [];
    const onDisk = paths.filter((path) => path !== '');
    if (onDisk.length > 0) answers.push(await ask(addPathsChannel, onDisk));
    for (const [index, file] of files.entries()) {
      if (paths[index] === '') answers.push(await ask(addBytesChannel, await bytesOf(file)));
    }
    return joined(answers);
  },
  addFile: async (file) => {
    const path = pathOf(file);
    return ask(addFileChannel, path === '' ? await bytesOf(file) : { path });
  },
};

contextBridge.exposeInMainWorld('dermorbit', bridge);

/** Empty for files that are not on disk, such as a pasted image. */
function pathOf(file: File): string {
  return webUtils.getPathForFile(file);
}

async function bytesOf(file: File): Promise<{ name: string; bytes: Uint8Array }> {
  return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
}

async function ask(channel: string, request: unknown): Promise<FileAnswer> {
  return fileAnswerSchema.parse(await ipcRenderer.invoke(channel, request));
}

/** Several additions as one; the first error, if there was one. */
function joined(answers: readonly FileAnswer[]): FileAnswer {
  const additions: Addition[] = [];
  for (const answer of answers) {
    if (!answer.ok) return answer;
    additions.push(additionSchema.parse(answer.value));
  }
  return { ok: true, value: joinAdditions(additions) };
}

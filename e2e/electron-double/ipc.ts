// ipcMain: messages from the preload's double reach the app's handlers with a sender and a sender frame.
import type { Frame } from '@playwright/test';
import { EventEmitter } from 'node:events';

interface Sender {
  frameOf(frame: Frame): { readonly url: string };
}

interface Message {
  readonly kind: 'send' | 'invoke';
  readonly channel: string;
  readonly value: unknown;
}

type Handler = (event: unknown, value: unknown) => unknown;

class IpcMain extends EventEmitter {
  readonly #handlers = new Map<string, Handler>();

  handle(channel: string, handler: Handler): void {
    if (this.#handlers.has(channel))
      throw new Error(`Attempted to register a second handler for '${channel}'`);
    this.#handlers.set(channel, handler);
  }

  removeHandler(channel: string): void {
    this.#handlers.delete(channel);
  }

  /** Takes one message as JSON text; answers with JSON text. */
  async receive(sender: Sender, frame: Frame, text: string): Promise<string> {
    const { kind, channel, value } = JSON.parse(text, revived) as Message;
    const event = { sender, senderFrame: sender.frameOf(frame) };
    if (kind === 'send') {
      this.emit(channel, event, value);
      return 'null';
    }
    const handler = this.#handlers.get(channel);
    if (handler === undefined) throw new Error(`No handler registered for '${channel}'`);
    return JSON.stringify(await handler(event, value));
  }
}

function revived(_key: string, part: unknown): unknown {
  if (typeof part !== 'object' || part === null || !('base64' in part)) return part;
  return new Uint8Array(Buffer.from(String(part.base64), 'base64'));
}

export const ipcMain = new IpcMain();

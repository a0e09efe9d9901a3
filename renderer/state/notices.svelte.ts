// Short messages that do not interrupt: what was saved, what could not be done and what to do about it.
import type { ErrorCode } from '../../main/contract/error-texts/table.ts';
import { asDermOrbitError, nextStep } from '../../main/contract/errors.ts';

export interface Message {
  readonly id: number;
  readonly tone: 'done' | 'note' | 'fault';
  readonly title: string;
  readonly text: string;
  /** What can be done about it at once. */
  readonly action: MessageAction | null;
}

export interface MessageAction {
  readonly words: string;
  readonly act: () => void;
}

const doneStaysMilliseconds = 5000;
const mostShown = 4;

export class Notices {
  messages = $state.raw<readonly Message[]>([]);
  #lastId = 0;

  /** Shows a message. Only good news goes away by itself. */
  show(tone: Message['tone'], title: string, text = '', action: MessageAction | null = null): void {
    const id = ++this.#lastId;
    const others = this.messages.filter((message) => message.title !== title || message.text !== text);
    this.messages = [...others, { id, tone, title, text, action }].slice(-mostShown);
    if (tone === 'done') {
      setTimeout(() => {
        this.dismiss(id);
      }, doneStaysMilliseconds);
    }
  }

  /** Shows what was thrown, with the next step. Cancelling is the person's own act and is not reported. */
  fault(thrown: unknown): void {
    const error = asDermOrbitError(thrown);
    if (error.code !== 'CANCELLED') this.failure(error);
  }

  /** Shows an error that came in a record, with the next step. */
  failure(error: { code: ErrorCode; title: string; message: string }, name?: string): void {
    const what = name === undefined ? error.message : `${name}: ${error.message}`;
    this.show('fault', error.title, `${what} ${nextStep(error, 'app')}`);
  }

  dismiss(id: number): void {
    this.messages = this.messages.filter((message) => message.id !== id);
  }
}

// A process for tests of whoever supervises one.
import type { ServerFrame } from '../contract/frames.ts';
import type { ProcessMessage } from '../base/process/messages.ts';
import type { ProcessChild } from '../base/process/child.ts';

/** A child of messages alone: `answer` plays the process, `die` its death. */
export class ScriptedChild implements ProcessChild {
  readonly sent: ProcessMessage[] = [];
  readonly #answer: (request: ProcessMessage, child: ScriptedChild) => void;
  #message: (message: unknown) => void = () => undefined;
  readonly #exits: ((how: string) => void)[] = [];

  constructor(answer: (request: ProcessMessage, child: ScriptedChild) => void) {
    this.#answer = answer;
    setImmediate(() => {
      this.reply({ kind: 'notice', notice: { kind: 'ready' } });
    });
  }
  send(request: ProcessMessage): void {
    this.sent.push(request);
    if (request.kind === 'close') this.die('exit code 0');
    else this.#answer(request, this);
  }
  reply(reply: ServerFrame): void {
    this.#message(reply);
  }
  onMessage(listener: (message: unknown) => void): void {
    this.#message = listener;
  }
  onExit(listener: (how: string) => void): void {
    this.#exits.push(listener);
  }
  die(how: string): void {
    for (const exit of this.#exits) exit(how);
  }
  kill(): void {
    this.die('signal SIGKILL');
  }
}

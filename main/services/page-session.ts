// One connected page, over any transport: its calls in, their events and answers out, its notices. When the page
// goes away, what it asked for is cancelled.
import { asDermOrbitError, DermOrbitError } from '../contract/errors.ts';
import { pageFrameSchema, type MainFrame } from '../contract/wire.ts';
import type { Application } from './application.ts';

export interface PageSession {
  /** Takes one frame from the page, whatever it is; what is not a frame of the contract is refused. */
  receive(frame: unknown): void;
  close(): void;
}

export function openPageSession(application: Application, send: (frame: MainFrame) => void): PageSession {
  const calls = new Map<number, AbortController>();
  // A page that has said nothing yet does not listen yet either: what comes before its first word is kept for it,
  // such as a menu command that is chosen while the page loads.
  let held: MainFrame[] | null = [];
  const endNotices = application.onNotice((notice) => {
    const frame: MainFrame = { kind: 'notice', notice };
    if (held) held.push(frame);
    else send(frame);
  });
  let open = true;

  async function answer(
    id: number,
    request: Parameters<Application['call']>[0],
    input: unknown,
  ): Promise<void> {
    if (calls.has(id)) {
      const message = `Call ${id} is still running.`;
      send({ kind: 'error', id, error: new DermOrbitError('REQUEST_INVALID', message).toRecord() });
      return;
    }
    const controller = new AbortController();
    calls.set(id, controller);
    const reply = (frame: MainFrame): void => {
      if (open) send(frame);
    };
    try {
      const output = await application.call(request, input, {
        signal: controller.signal,
        onEvent: (event) => {
          reply({ kind: 'event', id, event });
        },
      });
      calls.delete(id);
      reply({ kind: 'result', id, output });
    } catch (thrown) {
      calls.delete(id);
      reply({ kind: 'error', id, error: asDermOrbitError(thrown).toRecord() });
    }
  }

  return {
    receive: (received) => {
      const parsed = pageFrameSchema.safeParse(received);
      // Nobody to answer: a frame without a valid call number belongs to no call.
      if (!parsed.success) return;
      for (const kept of held?.splice(0) ?? []) send(kept);
      held = null;
      const frame = parsed.data;
      if (frame.kind === 'cancel') calls.get(frame.id)?.abort();
      else void answer(frame.id, frame.request, frame.input);
    },
    close: () => {
      open = false;
      endNotices();
      for (const controller of calls.values()) controller.abort();
    },
  };
}

// One connected page, over any transport: its calls in, their events and answers out, its notices. When the page
// goes away, what it asked for is cancelled.
import { applicationContract } from '../contract/application.ts';
import type { ServerFrame } from '../contract/frames.ts';
import { serve } from '../rpc/serve.ts';
import type { Application } from './application.ts';

export interface PageSession {
  /** Takes one frame from the page, whatever it is; what is not a frame of the contract is refused. */
  receive(frame: unknown): void;
  close(): void;
}

export function openPageSession(application: Application, send: (frame: ServerFrame) => void): PageSession {
  const server = serve(applicationContract, (...call) => application.call(...call), send);
  // A page that has said nothing yet does not listen yet either: what comes before its first word is kept for it,
  // such as a menu command that is chosen while the page loads.
  let held: ServerFrame[] | null = [];
  const endNotices = application.onNotice((notice) => {
    const frame: ServerFrame = { kind: 'notice', notice };
    if (held) held.push(frame);
    else send(frame);
  });

  return {
    receive: (frame) => {
      if (!server.receive(frame)) return;
      for (const kept of held?.splice(0) ?? []) send(kept);
      held = null;
    },
    close: () => {
      endNotices();
      server.close();
    },
  };
}

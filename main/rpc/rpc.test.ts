// Both ends of a connection, joined without a transport.
import { expect, it, vi } from 'vitest';
import { z } from 'zod';
import { DermOrbitError } from '../contract/errors.ts';
import type { ServerFrame } from '../contract/frames.ts';
import { createClient } from './client.ts';
import { dispatch, type Handlers } from './dispatch.ts';
import { serve } from './serve.ts';

const contract = {
  count: { input: z.object({ to: z.int().default(3) }), event: z.int(), output: z.object({ sum: z.int() }) },
  wait: { input: z.object({}), event: z.never(), output: z.object({}) },
} as const;

const handlers: Handlers<typeof contract, number> = {
  count: (base, { to }, { onEvent }) => {
    if (to < 0) throw new TypeError('downwards');
    for (let step = 1; step <= to; step++) onEvent(step);
    return Promise.resolve({ sum: base + (to * (to + 1)) / 2 });
  },
  wait: (_, __, { signal }) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => {
        reject(new DermOrbitError('CANCELLED', 'The work was cancelled.'));
      });
    }),
};

/** A client and a server; `heard` is false while nobody listens. */
function joined() {
  const link = { heard: true };
  const server = serve(
    contract,
    (operation, input, options) => dispatch(contract, handlers, 100, operation, input, options),
    (frame) => {
      const sent = structuredClone(frame);
      if (sent.kind !== 'notice') client.receive(sent);
    },
  );
  const client = createClient(contract, {
    name: 'counter',
    send: (frame) => link.heard && server.receive(structuredClone(frame)),
  });
  return { client, server, link };
}

it('carries input with its defaults, events in order, and the answer', async () => {
  const { client } = joined();
  const events: number[] = [];
  expect(await client.call('count', {}, { onEvent: (event) => events.push(event) })).toEqual({ sum: 106 });
  expect(events).toEqual([1, 2, 3]);
});

it('refuses what the schema refuses, and makes every failure a DermOrbitError', async () => {
  const { client } = joined();
  await expect(client.call('count', { to: 1.5 })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  await expect(client.call('count', { to: -1 })).rejects.toMatchObject({
    code: 'INTERNAL',
    message: 'downwards',
  });
});

it('ends a call when it is aborted: before, meanwhile, and when nobody has heard of it', async () => {
  const { client, link } = joined();
  const controller = new AbortController();
  const waiting = client.call('wait', {}, { signal: controller.signal });
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect(client.call('wait', {}, { signal: controller.signal })).rejects.toMatchObject({
    code: 'CANCELLED',
  });
  link.heard = false;
  const unheard = new AbortController();
  const kept = client.call('wait', {}, { signal: unheard.signal });
  expect(client.unanswered()).toHaveLength(1);
  unheard.abort();
  await expect(kept).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(client.unanswered()).toEqual([]);
});

it('refuses events and answers that are none of the contract, and ends the work behind them', async () => {
  const sent: unknown[] = [];
  const client = createClient(contract, { name: 'counter', send: (frame) => sent.push(frame) > 0 });
  const answers: Exclude<ServerFrame, { kind: 'notice' }>[] = [
    { kind: 'event', id: 1, event: 'one' },
    { kind: 'result', id: 2, output: null },
  ];
  for (const answer of answers) {
    const call = client.call('count', {});
    client.receive(answer);
    await expect(call).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'The counter answered count with something else.',
    });
  }
  expect(sent).toContainEqual({ kind: 'cancel', id: 1 });
});

it('cancels what a client that has gone asked for, and passes over frames that are none', async () => {
  const send = vi.fn();
  const server = serve(contract, (...call) => dispatch(contract, handlers, 0, ...call), send);
  for (const frame of [null, {}, { kind: 'call', id: 1, operation: 'constructor', input: {} }]) {
    expect(server.receive(frame)).toBe(false);
  }
  expect(server.receive({ kind: 'call', id: 1, operation: 'wait', input: {} })).toBe(true);
  server.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(send).not.toHaveBeenCalled();
});

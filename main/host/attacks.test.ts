// What anybody on this computer can do to the host without the token must not end it. An error that nobody handles fails
// this file, as it would end the host.
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testApplication, type TestApplication } from '../testing/application.ts';
import { openHost, type Host } from './server.ts';

let test: TestApplication;
let host: Host;
let own: URL;

beforeAll(async () => {
  test = await testApplication();
  host = await openHost({ application: test.application, rendererFolder: test.rendererFolder });
  own = new URL(host.address);
});
afterAll(async () => {
  await host.close();
  await test.close();
});

/** Connects, says something, and cuts the connection so that the other side hears a reset. */
function sendAndReset(data: string, patience: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(Number(own.port), '127.0.0.1', () => {
      socket.write(data);
      setTimeout(() => socket.resetAndDestroy(), patience);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve();
    });
  });
}

const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';

/** A request to the page's own places, with its token. */
const ownRequest = (line: string, more: string): string =>
  `${line.replace('/', own.pathname)} HTTP/1.1\r\nHost: ${own.host}\r\nOrigin: ${own.origin}\r\n${more}\r\n`;

const requests: [string, () => string][] = [
  ['an upgrade that is refused', () => `GET /x HTTP/1.1\r\nHost: evil\r\n${upgrade}\r\n`],
  [
    'an upgrade with a wrong token',
    () => `GET /x/socket HTTP/1.1\r\nHost: ${own.host}\r\n${upgrade}${key}\r\n`,
  ],
  ['an upgrade without its key', () => ownRequest('GET /socket', upgrade)],
  ['an upgrade that is accepted', () => ownRequest('GET /socket', upgrade + key)],
  ['a frame that is none', () => `${ownRequest('GET /socket', upgrade + key)}\xff\xff\xff\xff`],
  ['a page', () => ownRequest('GET /', '')],
  [
    'an upload that stops half way',
    () => `${ownRequest('POST /upload/image?name=a.png', 'Content-Length: 1000\r\n')}half`,
  ],
  ['what is no HTTP', () => 'EHLO\r\n\r\n'],
  ['nothing', () => ''],
];

describe('a connection that is reset', () => {
  it.each(requests)('%s', { timeout: 60_000 }, async (_name, data) => {
    for (let i = 0; i < 5; i++) {
      await Promise.all(Array.from({ length: 20 }, (_, k) => sendAndReset(data(), k % 4)));
    }
    expect((await fetch(host.address)).status).toBe(200);
  });
});

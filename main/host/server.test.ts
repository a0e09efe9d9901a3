// The host refuses whoever is not its own page: each row of this file is one way in that must stay shut.
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { testApplication, type TestApplication } from '../testing/application.ts';
import { openHost, type Host } from './server.ts';

let test: TestApplication;
let host: Host;
let token: string;
let port: number;

beforeAll(async () => {
  test = await testApplication();
  host = await openHost({ application: test.application, rendererFolder: test.rendererFolder });
  const address = new URL(host.address);
  port = Number(address.port);
  token = address.pathname.split('/')[1] ?? '';
});
afterAll(async () => {
  await host.close();
  await test.close();
});

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** Sends the path as it is: fetch would tidy up `..` before anything is sent. */
function send(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path, method: options.method ?? 'GET', headers: options.headers ?? {} },
      (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        });
      },
    );
    sent.on('error', reject);
    sent.end(options.body);
  });
}

const own = (): string => `http://127.0.0.1:${port}`;

/** Whether a WebSocket opens. */
function opens(path: string, headers: Record<string, string>): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
    socket.on('open', () => {
      socket.close();
      resolve(true);
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}

describe('page', () => {
  it('is served with its policy and nothing cached', async () => {
    const answer = await send(`/${token}/`);
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('DermOrbit');
    const policy = String(answer.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.headers['referrer-policy']).toBe('no-referrer');
    expect((await send(`/${token}/assets/page.js`)).headers['content-type']).toContain('text/javascript');
  });

  it('listens on 127.0.0.1 only, at a random address each time', async () => {
    const other = await openHost({ application: test.application, rendererFolder: test.rendererFolder });
    expect(new URL(other.address).hostname).toBe('127.0.0.1');
    expect(other.address.split('/')[3]).not.toBe(token);
    expect(token).toHaveLength(43);
    await other.close();
  });
});

describe('token', () => {
  it.each(['/', '/index.html', '/assets/page.js', '//', '/socket', '/?token=x'])('none: %s', async (path) => {
    expect((await send(path)).status).toBe(403);
  });
  it('wrong, in any way', async () => {
    const altered = (token.startsWith('A') ? 'B' : 'A') + token.slice(1);
    for (const wrong of [
      altered,
      token.slice(0, -1),
      `${token}A`,
      token.toUpperCase(),
      '%00',
      'x'.repeat(9000),
    ]) {
      expect((await send(`/${wrong}/`)).status, wrong).toBe(403);
      expect(await opens(`/${wrong}/socket`, { origin: own() }), wrong).toBe(false);
      expect(
        (await send(`/${wrong}/upload/image?name=a.png`, { method: 'POST', headers: { origin: own() } }))
          .status,
      ).toBe(403);
    }
  });
});

describe('foreign pages', () => {
  const foreign = [
    'http://evil.example',
    'null',
    'http://127.0.0.1:1',
    'https://127.0.0.1',
    'http://127.0.0.1.evil.example',
  ];
  it.each(foreign)('Origin %s gets nothing', async (origin) => {
    expect((await send(`/${token}/`, { headers: { origin } })).status).toBe(403);
    expect(
      (await send(`/${token}/upload/image?name=a.png`, { method: 'POST', headers: { origin }, body: 'x' }))
        .status,
    ).toBe(403);
    expect(await opens(`/${token}/socket`, { origin })).toBe(false);
  });
  it('a socket or an upload without Origin gets nothing', async () => {
    expect(await opens(`/${token}/socket`, {})).toBe(false);
    expect((await send(`/${token}/upload/image?name=a.png`, { method: 'POST', body: 'x' })).status).toBe(403);
  });
  it('a cross-site request is refused by its fetch metadata', async () => {
    expect((await send(`/${token}/`, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
    expect((await send(`/${token}/`, { headers: { 'sec-fetch-site': 'same-site' } })).status).toBe(403);
  });
  it.each(['evil.example', 'evil.example:80', '127.0.0.1', '127.0.0.1:1'])(
    'Host %j is refused (DNS rebinding)',
    async (name) => {
      expect((await send(`/${token}/`, { headers: { host: name } })).status).toBe(403);
      expect(await opens(`/${token}/socket`, { host: name, origin: own() })).toBe(false);
    },
  );
  it('a person who opens the page from a file or a link that holds the token is let in, to the page only', async () => {
    const headers = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    expect((await send(`/${token}/`, { headers })).status).toBe(200);
    expect((await send(`/wrong/`, { headers })).status).toBe(403);
    expect((await send(`/${token}/assets/page.js`, { headers })).status).toBe(403);
    expect((await send(`/${token}/`, { headers: { ...headers, 'sec-fetch-dest': 'iframe' } })).status).toBe(
      403,
    );
    expect((await send(`/${token}/`, { method: 'POST', headers })).status).toBe(403);
  });
  it('our own page is let in', async () => {
    expect(await opens(`/${token}/socket`, { origin: own() })).toBe(true);
  });
});

describe('paths', () => {
  const tricks = [
    '../settings.json',
    '../../../../../../etc/passwd',
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e/%2e%2e/etc/passwd',
    '....//etc/passwd',
    '/etc/passwd',
    'assets/../../settings.json',
    'assets\\..\\..\\settings.json',
    'assets/page.js%00.png',
    'C:/Windows/win.ini',
    'file:///etc/passwd',
    '__proto__',
    'constructor',
  ];
  it.each(tricks)('%s is found in no route', async (trick) => {
    for (const route of ['', 'assets/', 'image/', 'download/', 'report/']) {
      expect((await send(`/${token}/${route}${trick}`)).status, route + trick).toBe(404);
    }
    for (const end of ['thumbnail', 'square', 'turned/15']) {
      expect((await send(`/${token}/image/${trick}/${end}`)).status, trick + end).toBe(404);
    }
  });
  it('a path in the place of an image id is not an image', async () => {
    const path = await test.image('a.png');
    expect((await send(`/${token}/image/${encodeURIComponent(path)}/thumbnail`)).status).toBe(404);
  });
  it('other methods are refused', async () => {
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      expect((await send(`/${token}/`, { method, headers: { origin: own() } })).status).toBe(405);
    }
    expect((await send(`/${token}/`, { method: 'POST', headers: { origin: own() } })).status).toBe(404);
  });
});

describe('pictures and uploads', () => {
  it('shows thumbnail, square and turned image of an upload, by id', async () => {
    const { readFileSync } = await import('node:fs');
    const bytes = readFileSync(await test.image('p.png'));
    const answer = await fetch(`${host.address}upload/image?name=${encodeURIComponent('../p.png')}`, {
      method: 'POST',
      headers: { origin: own() },
      body: bytes,
    });
    expect(await answer.json()).toMatchObject({ added: 1 });
    const item = test.application.list.items().at(-1);
    expect(item?.name).toBe('p.png');
    for (const kind of ['thumbnail', 'square', 'turned/0', 'turned/345', 'turned/22.5']) {
      const picture = await fetch(`${host.address}image/${item?.id ?? ''}/${kind}`);
      expect(picture.status, kind).toBe(200);
      expect(picture.headers.get('content-type')).toBe('image/jpeg');
    }
    for (const kind of ['', 'turned/', 'turned/-5', 'turned/1e3', 'original', 'square/x']) {
      expect((await fetch(`${host.address}image/${item?.id ?? ''}/${kind}`)).status, kind).toBe(404);
    }
  });

  it('answers calls over the socket, and survives frames that are none', async () => {
    const socket = new WebSocket(`${host.address.replace('http', 'ws')}socket`, {
      headers: { origin: own() },
    });
    const frames: unknown[] = [];
    await new Promise((resolve) => socket.once('open', resolve));
    const answered = new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        frames.push(JSON.parse(data.toString()));
        if (frames.length === 2) resolve();
      });
    });
    socket.send(JSON.stringify({ kind: 'call', id: 1, operation: 'constructor', input: {} }));
    socket.send(JSON.stringify({ kind: 'call', id: 2, operation: 'session', input: {} }));
    socket.send(
      JSON.stringify({ kind: 'call', id: 3, operation: 'inspect', input: { image: '/etc/passwd' } }),
    );
    await answered;
    expect(frames).toContainEqual(expect.objectContaining({ kind: 'result', id: 2 }));
    expect(frames).toContainEqual(expect.objectContaining({ kind: 'error', id: 3 }));
    socket.close();
  });
});

describe('nothing that comes from outside ends the host', () => {
  const upgrade = 'GET /x HTTP/1.1\r\nHost: evil\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  const beginnings = [upgrade, 'GET / HTTP/1.1\r\nHost: a\r\n', '\u0016\u0003\u0001', ''];

  /** Connects, sends, and resets the connection at once. */
  const sendAndReset = (text: string) =>
    new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(text);
        setTimeout(() => socket.resetAndDestroy(), 0);
      });
      socket.on('error', () => undefined);
      socket.on('close', () => {
        resolve();
      });
    });

  it('not 2,000 connections that are reset in the middle of an upgrade or a request', async () => {
    const uncaught: unknown[] = [];
    const hear = (error: unknown) => uncaught.push(error);
    process.on('uncaughtException', hear);
    try {
      for (let round = 0; round < 50; round++) {
        await Promise.all(
          Array.from({ length: 40 }, (_, index) => sendAndReset(beginnings[index % beginnings.length]!)),
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    } finally {
      process.off('uncaughtException', hear);
    }
    expect(uncaught).toEqual([]);
    expect((await send(`/${token}/`)).status).toBe(200);
  });

  it('not a document whose name was cut inside a character', async () => {
    const id = test.application.documents.add({ name: 'half \ud83d.csv', mediaType: 'text/csv', text: 'a' });
    const answer = await send(`/${token}/download/${id}`);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-disposition']).toContain('half%20%EF%BF%BD.csv');
  });

  it('not a route that throws', async () => {
    const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const get = vi.spyOn(test.application.documents, 'get').mockImplementation(() => {
      throw new Error('/home/somebody: broken');
    });
    const answer = await send(`/${token}/download/x`);
    expect([answer.status, answer.body]).toEqual([500, 'Internal error']);
    expect(errors).toHaveBeenCalled();
    get.mockRestore();
    errors.mockRestore();
    expect((await send(`/${token}/`)).status).toBe(200);
  });
});

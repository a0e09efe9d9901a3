// The app on loopback for a browser: the page and its pictures over HTTP, the contract over a WebSocket, files as
// uploads. Only 127.0.0.1, only with this run's token, only for pages that came from here.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { ErrorRecord } from '../contract/error-record.ts';
import { asDermOrbitError } from '../contract/errors.ts';
import type { Application } from '../services/application.ts';
import { openPageSession } from '../services/page-session.ts';
import { commonHeaders, openResources, type Resource, type Resources } from '../services/resources.ts';

export interface Host {
  /** The address to open, token included. It is the key to everything: show it to the person only. */
  readonly address: string;
  close(): Promise<void>;
}

export interface HostOptions {
  readonly application: Application;
  readonly rendererFolder: string;
  /** 0, the default: any free port. */
  readonly port?: number;
}

/** Largest message of a page: a request over the whole work list of 100,000 images. */
const largestMessage = 4 * 1024 * 1024;

/** Starts to listen. */
export async function openHost(options: HostOptions): Promise<Host> {
  const token = randomBytes(32).toString('base64url');
  const resources = openResources(options.application, options.rendererFolder);
  const server = createServer();
  // From its first line every connection has somebody who hears its errors: a socket that was handed over for an
  // upgrade has lost the server's own listener, and a reset of it would end the process.
  server.on('connection', (socket) => {
    socket.on('error', () => {
      socket.destroy();
    });
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: largestMessage });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  server.on('error', (error) => {
    console.error(`The server reported: ${error.message}`);
  });
  const { port } = server.address() as AddressInfo;
  const guard = new Guard(port, token);

  server.on('request', (request, response) => {
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    void respond(options.application, resources, guard, request, response).catch((thrown: unknown) => {
      fail(response, thrown);
    });
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (guard.pathOf(request) !== 'socket' || !guard.sameOrigin(request, 'required')) {
      // Ended from our side as well: who never hangs up would keep the connection for ever.
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () => {
        socket.destroy();
      });
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      serveSocket(options.application, webSocket);
    });
  });

  return {
    address: `http://127.0.0.1:${port}/${token}/`,
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Who may ask: the checks that every request passes first. */
class Guard {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  readonly #token: Buffer;

  constructor(port: number, token: string) {
    // A foreign name that resolves to 127.0.0.1 (DNS rebinding) arrives with that name as Host.
    this.#hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);
    this.#origins = new Set([...this.#hosts].map((host) => `http://${host}`));
    this.#token = Buffer.from(token);
  }

  /** The path after the token, without the query; null if host or token are wrong. */
  pathOf(request: IncomingMessage): string | null {
    if (!this.#hosts.has(request.headers.host ?? '')) return null;
    const match = /^\/([^/?]*)\/([^?#]*)(?:\?.*)?$/.exec(request.url ?? '');
    const given = Buffer.from(match?.[1] ?? '');
    if (given.length !== this.#token.length || !timingSafeEqual(given, this.#token)) return null;
    return match?.[2] ?? '';
  }

  /**
   * Whether a person opens something from a link or a file of theirs: no page can read what such a navigation gets, and
   * who follows it knows the token.
   */
  opensPage(request: IncomingMessage): boolean {
    const { headers, method } = request;
    const navigates = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
    return method === 'GET' && navigates && headers.origin === undefined;
  }

  /** Whether the request comes from our own page; browsers send no Origin with a plain GET of their own. */
  sameOrigin(request: IncomingMessage, origin: 'required' | 'optional'): boolean {
    const site = request.headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
    if (request.headers.origin === undefined) return origin === 'optional';
    return this.#origins.has(request.headers.origin);
  }
}

async function respond(
  application: Application,
  resources: Resources,
  guard: Guard,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = guard.pathOf(request);
  const method = request.method ?? '';
  if (
    path === null ||
    !(
      (path === '' && guard.opensPage(request)) ||
      guard.sameOrigin(request, method === 'GET' || method === 'HEAD' ? 'optional' : 'required')
    )
  ) {
    refuse(response, 403, 'Forbidden');
  } else if (method === 'GET' || method === 'HEAD') {
    write(response, await resources.get(path), method === 'HEAD');
  } else if (method === 'POST' && (path === 'upload/image' || path === 'upload/file')) {
    await receive(application, path, request, response);
  } else if (method === 'POST' && path === 'upload/data') {
    await receiveData(application, request, response);
  } else {
    refuse(response, method === 'POST' ? 404 : 405, 'Refused');
  }
}

async function receive(
  application: Application,
  path: 'upload/image' | 'upload/file',
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const name = new URL(request.url ?? '', 'http://127.0.0.1').searchParams.get('name') ?? '';
  try {
    const answer =
      path === 'upload/image'
        ? await application.addUpload(name, request)
        : await application.addFile(name, request);
    write(response, json(200, answer), false);
  } catch (thrown) {
    // The rest of the body is not wanted.
    response.setHeader('connection', 'close');
    write(response, json(400, asDermOrbitError(thrown).toRecord() satisfies ErrorRecord), false);
  }
}

/** One file of a labelled folder, under its path in there. */
async function receiveData(
  application: Application,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { searchParams } = new URL(request.url ?? '', 'http://127.0.0.1');
  try {
    const [folder, path] = [searchParams.get('folder') ?? '', searchParams.get('path') ?? ''];
    await application.addToDataFolder(folder, path, request);
    write(response, json(200, {}), false);
  } catch (thrown) {
    // The rest of the body is not wanted.
    response.setHeader('connection', 'close');
    write(response, json(400, asDermOrbitError(thrown).toRecord() satisfies ErrorRecord), false);
  }
}

/** No throw of any route ends the host: the answer is an error without particulars, or, once begun, cut off. */
function fail(response: ServerResponse, thrown: unknown): void {
  console.error('A request failed:', thrown);
  if (response.headersSent) response.destroy();
  else refuse(response, 500, 'Internal error');
}

function json(status: number, value: unknown): Resource {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

function refuse(response: ServerResponse, status: number, text: string): void {
  write(
    response,
    { status, headers: { 'content-type': 'text/plain', connection: 'close' }, body: text },
    false,
  );
}

function write(response: ServerResponse, { status, headers, body }: Resource, headOnly: boolean): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(status, { ...commonHeaders, ...headers, 'content-length': bytes.length });
  response.end(headOnly ? undefined : bytes);
}

function serveSocket(application: Application, socket: WebSocket): void {
  const session = openPageSession(application, (frame) => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(frame));
  });
  socket.on('message', (data, isBinary) => {
    if (isBinary) return;
    try {
      // Text messages arrive as one Buffer with this configuration of ws.
      session.receive(JSON.parse((data as Buffer).toString('utf8')));
    } catch {
      socket.close(1003, 'not JSON');
    }
  });
  socket.on('close', () => {
    session.close();
  });
  socket.on('error', () => {
    socket.terminate();
  });
}

// What a page can fetch beside the contract's messages: the page itself, pictures, exports. One table of routes
// for app:// and http://; no route turns any part of an address into a path.
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { asDermOrbitError } from '../contract/errors.ts';
import type { Application } from './application.ts';
import type { PictureKind } from './pictures.ts';

export interface Resource {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
}

/** The page's content security policy: its own files, nothing else, no code or style from text. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // Positions and sizes that the page computes are set through style attributes; no style sheet can be slipped in.
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' blob: data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join('; ');

/** A report is looked at and printed: its own style sheet and embedded pictures, no script. */
const reportPolicy =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

/** Headers of every answer, on top of its own. */
export const commonHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=()',
};

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};

export interface Resources {
  /** Answers a GET for a path relative to the page, e.g. `image/ID/thumbnail`; never throws. */
  get(path: string): Promise<Resource>;
}

const notFound: Resource = { status: 404, headers: { 'content-type': 'text/plain' }, body: 'Not found' };

type Route = readonly [
  RegExp,
  (application: Application, match: RegExpMatchArray) => Promise<Resource> | Resource,
];

const routes: readonly Route[] = [
  [/^image\/([^/]+)\/thumbnail$/, (app, [, id]) => picture(app, id, { kind: 'thumbnail' })],
  [/^image\/([^/]+)\/whole$/, (app, [, id]) => picture(app, id, { kind: 'whole' })],
  [/^image\/([^/]+)\/square$/, (app, [, id]) => picture(app, id, { kind: 'square' })],
  [
    /^image\/([^/]+)\/turned\/(\d{1,3}(?:\.\d{1,4})?)$/,
    (app, [, id, angle]) => picture(app, id, { kind: 'turned', angle: Number(angle) % 360 }),
  ],
  [/^download\/([^/]+)$/, (app, [, id]) => download(app, id)],
  [/^report\/([^/]+)$/, (app, [, id]) => report(app, id)],
];

/** The page's files are listed once, and only what was listed then is ever served. */
export function openResources(application: Application, rendererFolder: string): Resources {
  const pageFiles = new Map(
    filesBelow(rendererFolder).map((file) => [relative(rendererFolder, file).split(sep).join('/'), file]),
  );

  return {
    get: async (path) => {
      const file = pageFiles.get(path === '' ? 'index.html' : path);
      if (file !== undefined) return pageFile(file);
      for (const [pattern, handle] of routes) {
        const match = pattern.exec(path);
        if (match !== null) return handle(application, match);
      }
      return notFound;
    },
  };
}

/** All files of a folder and its sub-folders; step by step, which also works inside Electron's archive. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

function pageFile(file: string): Resource {
  const extension = extname(file);
  const headers: Record<string, string> = {
    'content-type': mediaTypes[extension] ?? 'application/octet-stream',
    'content-security-policy': pagePolicy,
    // Bundled files carry a hash of their content in their names; the page itself does not.
    'cache-control': extension === '.html' ? 'no-store' : 'max-age=31536000, immutable',
  };
  return { status: 200, headers, body: readFileSync(file) };
}

async function picture(
  application: Application,
  id: string | undefined,
  which: PictureKind,
): Promise<Resource> {
  const path = id === undefined ? undefined : application.imagePath(id);
  if (path === undefined) return notFound;
  try {
    const { bytes, mediaType } = await application.pictures.get(path, which);
    // An id stands for one file of this session; if the file changes on disk, the picture stays what was classified.
    return {
      status: 200,
      headers: { 'content-type': mediaType, 'cache-control': 'private, max-age=3600' },
      body: bytes,
    };
  } catch (thrown) {
    return { ...notFound, body: asDermOrbitError(thrown).title };
  }
}

function download(application: Application, id: string | undefined): Resource {
  const document = application.documents.get(id ?? '');
  if (document === undefined) return notFound;
  const headers = {
    'content-type': `${document.mediaType}; charset=utf-8`,
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(document.name.toWellFormed())}`,
    'cache-control': 'no-store',
  };
  return { status: 200, headers, body: document.text };
}

function report(application: Application, id: string | undefined): Resource {
  const document = application.documents.get(id ?? '');
  if (document?.mediaType !== 'text/html') return notFound;
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': reportPolicy,
    'cache-control': 'no-store',
  };
  return { status: 200, headers, body: document.text };
}

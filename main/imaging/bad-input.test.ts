// Every kind of bad file becomes a permanent case here, with its exact code.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { errorTexts, type ErrorCode } from '../contract/error-texts/table.ts';
import { DermOrbitError } from '../contract/errors.ts';
import { decodeImage } from './decode.ts';
import { previewSquare, thumbnail } from './display.ts';
import { readImageFile } from './file.ts';
import { preprocess } from './preprocess.ts';
import { sharp } from './sharp.ts';
import { gradient, gradientFile, handmadePng, inMemory, temporaryFolder } from '../testing/images.ts';

const { folder, remove } = temporaryFolder();
afterAll(remove);

interface BadFile {
  readonly what: string;
  readonly name: string;
  readonly bytes: () => Uint8Array | Promise<Uint8Array>;
  readonly code: ErrorCode;
  /** What the message must say happened. */
  readonly says: RegExp;
}

const text = (content: string) => (): Uint8Array => Buffer.from(content);
const half = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length >> 1);
const write = (bytes: Uint8Array, offset: number, ...values: number[]): Uint8Array => {
  const changed = Uint8Array.from(bytes);
  changed.set(values, offset);
  return changed;
};
/** Offset of the first byte of a marker's segment, after the marker itself. */
const segment = (jpeg: Uint8Array, marker: number): number =>
  Buffer.from(jpeg).indexOf(Buffer.of(0xff, marker)) + 2;
/** Offset of the value of a tag in the first directory of a little-endian TIFF. */
const tiffValue = (tiff: Uint8Array, tag: number): number => {
  const view = Buffer.from(tiff);
  const directory = view.readUInt32LE(4);
  for (let entry = directory + 2; ; entry += 12) if (view.readUInt16LE(entry) === tag) return entry + 8;
};
/** A little-endian greyscale TIFF of 32-bit floating-point samples (TIFF 6.0, SampleFormat 3). */
const floatTiff = (side: number): Uint8Array => {
  const tags = [
    [256, side],
    [257, side],
    [258, 32],
    [259, 1],
    [262, 1],
    [273, 8],
    [277, 1],
    [278, side],
    [279, 4 * side * side],
    [339, 3],
  ] as const;
  const directory = 8 + 4 * side * side;
  const tiff = Buffer.alloc(directory + 2 + 12 * tags.length + 4);
  tiff.write('II*\0', 'latin1');
  tiff.writeUInt32LE(directory, 4);
  tiff.writeUInt16LE(tags.length, directory);
  tags.forEach(([tag, value], index) => {
    const entry = directory + 2 + 12 * index;
    tiff.writeUInt16LE(tag, entry);
    tiff.writeUInt16LE(4, entry + 2);
    tiff.writeUInt32LE(1, entry + 4);
    tiff.writeUInt32LE(value, entry + 8);
  });
  return tiff;
};
const blackRows = (width: number, height: number): Uint8Array => new Uint8Array((1 + width * 3) * height);
const rgb8 = { bitDepth: 8, colourType: 2 };

const badFiles: readonly BadFile[] = [
  // Nothing in it
  { what: 'no bytes', name: 'a.jpg', bytes: text(''), code: 'IMAGE_EMPTY', says: /0 bytes/ },
  // Not an image
  {
    what: 'text',
    name: 'a.jpg',
    bytes: text('Hello, Herr Müller'),
    code: 'IMAGE_UNRECOGNISED',
    says: /text/,
  },
  { what: 'one byte', name: 'a.png', bytes: text('\xff'), code: 'IMAGE_UNRECOGNISED', says: /looks like/ },
  {
    what: 'zeros, as an unfinished copy leaves them',
    name: 'zeros.jpg',
    bytes: () => new Uint8Array(5000),
    code: 'IMAGE_UNRECOGNISED',
    says: /zeros/,
  },
  {
    what: 'random bytes',
    name: 'noise.png',
    bytes: () => Uint8Array.from({ length: 999 }, (_, i) => (i * 7919 + 131) % 251),
    code: 'IMAGE_UNRECOGNISED',
    says: /unknown kind/,
  },
  {
    what: 'an HTML page named .jpg',
    name: 'login.jpg',
    bytes: text('\n<!DOCTYPE html><html><body>Please log in</body></html>'),
    code: 'IMAGE_UNRECOGNISED',
    says: /HTML/,
  },
  {
    what: 'an SVG named .png',
    name: 'drawing.png',
    bytes: text('<?xml version="1.0"?>\n<!-- made by hand -->\n<svg xmlns="http://www.w3.org/2000/svg"/>'),
    code: 'IMAGE_UNRECOGNISED',
    says: /SVG/,
  },
  {
    what: 'a GIF',
    name: 'a.gif',
    bytes: text('GIF89a\x01\0\x01\0'),
    code: 'IMAGE_GIF',
    says: /GIF/,
  },
  { what: 'a PDF', name: 'a.pdf', bytes: text('%PDF-1.7\n'), code: 'IMAGE_UNRECOGNISED', says: /PDF/ },
  {
    what: 'a HEIC photograph named .jpg',
    name: 'phone.jpg',
    bytes: text('\0\0\0\x18ftypheic\0\0\0\0mif1heic'),
    code: 'IMAGE_HEIC',
    says: /HEIC/,
  },
  {
    what: 'a DICOM file',
    name: 'a.dcm',
    bytes: () => Buffer.concat([new Uint8Array(128), Buffer.from('DICM')]),
    code: 'IMAGE_DICOM',
    says: /DICOM/,
  },
  { what: 'a zip', name: 'a.tif', bytes: text('PK\x03\x04\x14\0'), code: 'IMAGE_UNRECOGNISED', says: /zip/ },
  { what: 'a gzip', name: 'a.webp', bytes: () => gzipSync('a'), code: 'IMAGE_UNRECOGNISED', says: /gzip/ },
  {
    what: 'a camera raw file, whose first page is a preview',
    name: 'camera.NEF',
    bytes: () => gradientFile('tiff', 40, 30),
    code: 'IMAGE_RAW',
    says: /camera raw/,
  },
  {
    what: 'floating-point samples',
    name: 'float.tif',
    bytes: () => floatTiff(8),
    code: 'IMAGE_UNRECOGNISED',
    says: /float/,
  },
  // Damaged
  ...(['jpeg', 'png', 'tiff', 'webp'] as const).flatMap((format): BadFile[] => [
    {
      what: `a ${format} cut in half`,
      name: `half.${format}`,
      bytes: async () => half(await gradientFile(format, 300, 200)),
      code: 'IMAGE_TRUNCATED',
      says: /could not be decoded: \S/,
    },
    {
      what: `a ${format} of which only the signature is left`,
      name: `signature.${format}`,
      bytes: async () => (await gradientFile(format, 30, 20)).subarray(0, 12),
      code: 'IMAGE_TRUNCATED',
      says: /could not be decoded: \S/,
    },
  ]),
  {
    what: 'a tall JPEG whose last rows, outside the crop, are missing',
    name: 'tail.jpg',
    bytes: async () => {
      const jpeg = await gradientFile('jpeg', 200, 1600);
      return jpeg.subarray(0, Math.floor(jpeg.length * 0.95));
    },
    code: 'IMAGE_TRUNCATED',
    says: /could not be decoded/,
  },
  {
    what: 'a PNG with a flipped bit in its data',
    name: 'flipped.png',
    bytes: async () => {
      const png = await gradientFile('png', 100, 100);
      return write(png, png.length >> 1, png[png.length >> 1]! ^ 0x10);
    },
    code: 'IMAGE_TRUNCATED',
    says: /could not be decoded/,
  },
  {
    what: 'a JPEG with overwritten entropy-coded data',
    name: 'overwritten.jpg',
    bytes: async () => {
      const jpeg = await gradientFile('jpeg', 300, 200);
      return write(jpeg, segment(jpeg, 0xda) + 400, ...new Array<number>(200).fill(0xfe));
    },
    code: 'IMAGE_TRUNCATED',
    says: /could not be decoded/,
  },
  // Headers that lie about the size
  {
    what: 'a PNG that claims more rows than it holds',
    name: 'short.png',
    bytes: () => handmadePng({ width: 64, height: 640, ...rgb8 }, blackRows(64, 64)),
    code: 'IMAGE_TRUNCATED',
    says: /could not be decoded/,
  },
  {
    what: 'a JPEG that claims more rows than it holds',
    name: 'short.jpg',
    bytes: async () => {
      const jpeg = await gradientFile('jpeg', 64, 64);
      return write(jpeg, segment(jpeg, 0xc0) + 3, 0x02, 0x80);
    },
    code: 'IMAGE_TRUNCATED',
    says: /could not be decoded/,
  },
  {
    what: 'a TIFF that claims more rows than it holds',
    name: 'short.tif',
    bytes: async () => {
      const tiff = await gradientFile('tiff', 64, 64);
      return write(tiff, tiffValue(tiff, 257), 0x80, 0x02);
    },
    code: 'IMAGE_TRUNCATED',
    says: /could not be decoded/,
  },
  {
    what: 'a PNG without width',
    name: 'zero.png',
    bytes: () => handmadePng({ width: 0, height: 64, ...rgb8 }, blackRows(0, 64)),
    code: 'IMAGE_TRUNCATED',
    says: /could not be decoded/,
  },
  // Too large, by the header alone
  {
    what: 'a valid PNG bomb of 30000 x 30000',
    name: 'bomb.png',
    bytes: () =>
      handmadePng(
        { width: 30_000, height: 30_000, bitDepth: 1, colourType: 0 },
        new Uint8Array((1 + 3750) * 30_000),
      ),
    code: 'IMAGE_TOO_LARGE',
    says: /30000 x 30000 pixels \(900 megapixels\)/,
  },
  {
    what: 'a PNG that claims 2 billion pixels a side',
    name: 'claim.png',
    bytes: () => handmadePng({ width: 0x7fffffff, height: 0x7fffffff, ...rgb8 }, blackRows(1, 1)),
    code: 'IMAGE_TRUNCATED',
    says: /could not be decoded/,
  },
  {
    what: 'one row more than 50 megapixels',
    name: 'over.png',
    bytes: () => handmadePng({ width: 10_000, height: 5001, ...rgb8 }, blackRows(1, 1)),
    code: 'IMAGE_TOO_LARGE',
    // Never rounded to the limit that it exceeds.
    says: /10000 x 5001 pixels \(50\.01 megapixels\)/,
  },
  {
    what: 'a JPEG that claims 65500 x 65500',
    name: 'claim.jpg',
    bytes: async () => {
      const jpeg = await gradientFile('jpeg', 64, 64);
      return write(jpeg, segment(jpeg, 0xc0) + 3, 0xff, 0xdc, 0xff, 0xdc);
    },
    code: 'IMAGE_TOO_LARGE',
    says: /65500 x 65500/,
  },
  {
    what: 'a TIFF that claims 60000 x 60000',
    name: 'claim.tif',
    bytes: async () => {
      const tiff = await gradientFile('tiff', 64, 64);
      return write(write(tiff, tiffValue(tiff, 256), 0x60, 0xea), tiffValue(tiff, 257), 0x60, 0xea);
    },
    code: 'IMAGE_TOO_LARGE',
    says: /60000 x 60000/,
  },
];

async function failureOf(work: () => Promise<unknown>): Promise<DermOrbitError> {
  const thrown: unknown = await work().then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );
  if (!(thrown instanceof DermOrbitError)) throw new Error(`No DermOrbitError: ${String(thrown)}`);
  return thrown;
}

describe('bad files', () => {
  it.each(badFiles)('$what: $code', async ({ name, bytes, code, says }) => {
    const path = join(folder, name);
    writeFileSync(path, await bytes());
    const error = await failureOf(async () => preprocess(await readImageFile(path), 64));
    expect({ code: error.code, message: error.message }).toEqual({
      code,
      message: expect.stringMatching(says) as string,
    });
    expect(error.message).toContain(name);
    expect(error.title).toBe(errorTexts[code].title);
    // What people are shown is guarded in the same way.
    expect((await failureOf(() => thumbnail(path, 64))).code).toBe(code);
    expect((await failureOf(() => previewSquare(path, 64))).code).toBe(code);
  });
});

describe('bad paths', () => {
  const good = async (name: string): Promise<string> => {
    const path = join(folder, name);
    writeFileSync(path, await gradientFile('png', 8, 8));
    return path;
  };

  it('a file that vanished: IMAGE_NOT_FOUND', async () => {
    const path = await good('vanished.png');
    await readImageFile(path);
    rmSync(path);
    const error = await failureOf(() => readImageFile(path));
    expect(error.code).toBe('IMAGE_NOT_FOUND');
    expect(error.message).toContain(path);
  });

  it('a path through a file: IMAGE_NOT_FOUND', async () => {
    const path = join(await good('file.png'), 'inside.png');
    expect((await failureOf(() => readImageFile(path))).code).toBe('IMAGE_NOT_FOUND');
  });

  it('a path that no system accepts: IMAGE_NOT_FOUND', async () => {
    expect((await failureOf(() => readImageFile('a\0b.png'))).code).toBe('IMAGE_NOT_FOUND');
    expect((await failureOf(() => readImageFile(`${'a'.repeat(5000)}.png`))).code).toBe('IMAGE_NOT_FOUND');
  });

  it('a folder named x.jpg: IMAGE_UNREADABLE', async () => {
    const path = join(folder, 'x.jpg');
    mkdirSync(path);
    const error = await failureOf(() => readImageFile(path));
    expect(error).toMatchObject({ code: 'IMAGE_UNREADABLE', message: 'x.jpg is a folder, not a file.' });
  });

  it.skipIf(process.platform === 'win32')(
    'a named pipe, without waiting for it: IMAGE_UNREADABLE',
    async () => {
      const path = join(folder, 'pipe.jpg');
      execFileSync('mkfifo', [path]);
      expect((await failureOf(() => readImageFile(path))).code).toBe('IMAGE_UNREADABLE');
    },
  );

  // The superuser may read everything; Windows knows no such permission.
  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'a file without read permission: IMAGE_UNREADABLE',
    async () => {
      const path = await good('forbidden.png');
      chmodSync(path, 0o000);
      expect((await failureOf(() => readImageFile(path))).code).toBe('IMAGE_UNREADABLE');
    },
  );

  it('a file of more than 512 MB, unread: IMAGE_TOO_LARGE', async () => {
    const path = await good('huge.png');
    truncateSync(path, 513 * 1024 * 1024);
    const error = await failureOf(() => readImageFile(path));
    rmSync(path);
    expect(error).toMatchObject({
      code: 'IMAGE_TOO_LARGE',
      message: expect.stringMatching(/538 MB/) as string,
    });
  });

  it('a cancelled read: CANCELLED', async () => {
    const path = await good('cancelled.png');
    const error = await failureOf(() => readImageFile(path, { signal: AbortSignal.abort() }));
    expect(error.code).toBe('CANCELLED');
  });
});

describe('odd but good files', () => {
  it.each(['photo', 'photo.bin', 'photo.JPG', 'photo.jfif', 'photo.jpe'])(
    'goes by content: %s',
    async (name) => {
      const path = join(folder, name);
      writeFileSync(path, await gradientFile('jpeg', 40, 30));
      expect(await readImageFile(path)).toMatchObject({ path, format: 'jpeg' });
    },
  );

  it.each([
    ['really-png.jpg', 'png', 'CONTENT_PNG'],
    ['received.jpg', 'webp', 'CONTENT_WEBP'],
    ['really-jpeg.TIFF', 'jpeg', 'CONTENT_JPEG'],
    ['lesion.bmp', 'tiff', 'CONTENT_TIFF'],
  ] as const)('%s is read by its content, and that is noted', async (name, format, note) => {
    const path = join(folder, name);
    writeFileSync(path, await gradientFile(format, 40, 30));
    const file = await readImageFile(path);
    expect(file).toMatchObject({ format, notes: [note] });
    expect((await preprocess(file, 16)).width).toBe(40);
  });

  it('a JPEG with bytes after its end, as some cameras write them', async () => {
    const jpeg = await gradientFile('jpeg', 40, 30);
    const longer = Buffer.concat([jpeg, Buffer.from('SEFT and a motion photo')]);
    const [plain, odd] = await Promise.all(
      [jpeg, longer].map((bytes) => preprocess(inMemory(bytes, 'jpeg'), 16)),
    );
    expect(odd!.square).toEqual(plain!.square);
  });

  it('a damaged colour profile is left aside', async () => {
    const image = sharp(gradient(40, 30), { raw: { width: 40, height: 30, channels: 3 } });
    const tagged = await image.withIccProfile('p3').jpeg().toBuffer();
    const profile = tagged.indexOf('ICC_PROFILE') + 14;
    expect(profile).toBeGreaterThan(14);
    const damaged = write(tagged, profile + 4, ...new Array<number>(300).fill(0x5a));
    const { data } = await decodeImage(inMemory(damaged, 'jpeg'));
    const numbers = await sharp(tagged, { ignoreIcc: true }).raw().toBuffer();
    expect(numbers.equals(data)).toBe(true);
  });

  it('the sha256 is of the bytes', async () => {
    const path = join(folder, 'hash.png');
    writeFileSync(path, handmadePng({ width: 1, height: 1, ...rgb8 }, blackRows(1, 1)));
    const { sha256, bytes } = await readImageFile(path);
    const sum = await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes));
    expect(sha256).toBe(Buffer.from(sum).toString('hex'));
  });
});

// Bitmaps: every kind gives the pixels it was made from; every malformation met is refused with its code.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../contract/error-texts/table.ts';
import { bitmapFile, bitmapRows, type BitmapParts } from '../../testing/bitmap.ts';
import { gradient, inMemory, temporaryFolder } from '../../testing/images.ts';
import { decodeImage } from '../decode.ts';
import { readImageFile } from '../file.ts';
import { preprocess } from '../preprocess.ts';

const { folder, remove } = temporaryFolder();
afterAll(remove);

/** Odd, so that rows need padding at every depth. */
const width = 13;
const height = 7;
const pixels = gradient(width, height);
const pixel = (x: number, y: number): number[] => [
  ...pixels.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];
const xs = Array.from({ length: width }, (_, x) => x);

/** Palettes of 2, 4, 16 and 256 colours, no two alike. */
const paletteOf = (colours: number) =>
  Array.from({ length: colours }, (_, i) => [(i * 37) % 256, (i * 11 + 5) % 256, 255 - i] as const);
/** An index for each pixel that any depth can hold, without symmetry. */
const indexAt = (x: number, y: number, colours: number): number => (x * 3 + y * 5 + ((x * y) >> 2)) % colours;
const indexed = (colours: number): number[] =>
  Array.from({ length: width * height }, (_, i) => [
    ...paletteOf(colours)[indexAt(i % width, Math.floor(i / width), colours)]!,
  ]).flat();
const packed = (bits: number, y: number): number[] => {
  const bytes = new Array<number>(Math.ceil((bits * width) / 8)).fill(0);
  for (const x of xs) {
    const bit = x * bits;
    bytes[bit >> 3]! |= indexAt(x, y, 2 ** bits) << (8 - bits - (bit & 7));
  }
  return bytes;
};
const littleEndian = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) % 256);
const triples = (y: number): number[] => xs.flatMap((x) => pixel(x, y).reverse());
/** 5 or 6 bits per channel, and what they come to in 8. */
const level = (value: number, most: number): number => Math.round((value * most) / 255);
const back = (value: number, most: number): number => Math.round((level(value, most) * 255) / most);

interface Kind {
  readonly what: string;
  readonly parts: Omit<BitmapParts, 'width' | 'height'> & { readonly height?: number };
  readonly expected: readonly number[];
}

const rgb = [...pixels];
const sixteen = (masks: readonly [number, number, number], most: readonly [number, number, number]) =>
  bitmapRows(height, (y) =>
    xs.flatMap((x) => {
      const [r, g, b] = pixel(x, y).map((value, k) => level(value, most[k]!)) as [number, number, number];
      const low = (mask: number) => 31 - Math.clz32(mask & -mask);
      return littleEndian((r << low(masks[0])) | (g << low(masks[1])) | (b << low(masks[2])), 2);
    }),
  );
const scaled = (most: readonly [number, number, number]) => rgb.map((value, i) => back(value, most[i % 3]!));

/** Row by row: a run of the first pixel, the others literally, the end of the row; the end of the bitmap. */
const rle8 = (): number[] =>
  Array.from({ length: height }, (_, place) => {
    const row = xs.map((x) => indexAt(x, height - 1 - place, 256));
    const literal = row.slice(1);
    return [1, row[0]!, 0, literal.length, ...literal, ...(literal.length % 2 ? [0] : []), 0, 0];
  }).flat();
const rle4 = (): number[] =>
  Array.from({ length: height }, (_, place) => {
    const bytes = packed(4, height - 1 - place);
    return [0, width, ...bytes, ...(bytes.length % 2 ? [0] : []), 0, 0];
  }).flat();

const kinds: readonly Kind[] = [
  { what: '24 bits', parts: { bitsPerPixel: 24, pixels: bitmapRows(height, triples) }, expected: rgb },
  {
    what: '24 bits, rows from the top',
    parts: {
      bitsPerPixel: 24,
      height: -height,
      pixels: bitmapRows(height, (y) => triples(height - 1 - y)),
    },
    expected: rgb,
  },
  {
    what: '24 bits, without the padding of the last row',
    parts: { bitsPerPixel: 24, pixels: bitmapRows(height, triples).subarray(0, -1) },
    expected: rgb,
  },
  {
    what: '24 bits that say nothing of where the pixels begin',
    parts: { bitsPerPixel: 24, pixels: bitmapRows(height, triples), offset: 0 },
    expected: rgb,
  },
  {
    what: '24 bits of OS/2',
    parts: { headerSize: 12, bitsPerPixel: 24, pixels: bitmapRows(height, triples) },
    expected: rgb,
  },
  {
    what: '24 bits of OS/2 2.0',
    parts: { headerSize: 64, bitsPerPixel: 24, pixels: bitmapRows(height, triples) },
    expected: rgb,
  },
  {
    what: '32 bits, the fourth byte unused',
    parts: {
      bitsPerPixel: 32,
      pixels: bitmapRows(height, (y) => xs.flatMap((x) => [...pixel(x, y).reverse(), 0])),
    },
    expected: rgb,
  },
  {
    what: '32 bits with alpha, laid on black',
    parts: {
      headerSize: 124,
      bitsPerPixel: 32,
      compression: 3,
      masks: [0xff0000, 0xff00, 0xff, 0xff000000],
      pixels: bitmapRows(height, (y) => xs.flatMap((x) => [...pixel(x, y).reverse(), x < 6 ? 255 : 0])),
    },
    expected: rgb.map((value, i) => (Math.floor(i / 3) % width < 6 ? value : 0)),
  },
  {
    what: '32 bits whose declared alpha is 0 everywhere',
    parts: {
      headerSize: 56,
      bitsPerPixel: 32,
      compression: 3,
      masks: [0xff, 0xff00, 0xff0000, 0xff000000],
      pixels: bitmapRows(height, (y) => xs.flatMap((x) => [...pixel(x, y), 0])),
    },
    expected: rgb,
  },
  {
    what: '16 bits, 5-5-5',
    parts: { bitsPerPixel: 16, pixels: sixteen([0x7c00, 0x3e0, 0x1f], [31, 31, 31]) },
    expected: scaled([31, 31, 31]),
  },
  {
    what: '16 bits, 5-6-5 by masks',
    parts: {
      bitsPerPixel: 16,
      compression: 3,
      masks: [0xf800, 0x7e0, 0x1f],
      pixels: sixteen([0xf800, 0x7e0, 0x1f], [31, 63, 31]),
    },
    expected: scaled([31, 63, 31]),
  },
  ...[1, 2, 4, 8].map((bits): Kind => ({
    what: `a palette of ${bits} bits`,
    parts: {
      bitsPerPixel: bits,
      palette: paletteOf(2 ** bits),
      pixels: bitmapRows(height, (y) => packed(bits, y)),
    },
    expected: indexed(2 ** bits),
  })),
  {
    what: 'a palette of OS/2',
    parts: {
      headerSize: 12,
      bitsPerPixel: 8,
      palette: paletteOf(256),
      pixels: bitmapRows(height, (y) => packed(8, y)),
    },
    expected: indexed(256),
  },
  {
    what: 'run lengths of 8 bits',
    parts: {
      bitsPerPixel: 8,
      compression: 1,
      palette: paletteOf(256),
      pixels: Uint8Array.from([...rle8(), 0, 1]),
    },
    expected: indexed(256),
  },
  {
    what: 'run lengths without their end mark, all rows there',
    parts: {
      bitsPerPixel: 8,
      compression: 1,
      palette: paletteOf(256),
      pixels: Uint8Array.from(rle8()),
    },
    expected: indexed(256),
  },
  {
    what: 'run lengths of 4 bits',
    parts: {
      bitsPerPixel: 4,
      compression: 2,
      palette: paletteOf(16),
      pixels: Uint8Array.from([...rle4(), 0, 1]),
    },
    expected: indexed(16),
  },
  {
    what: 'run lengths that step over pixels: those have colour 0',
    parts: {
      bitsPerPixel: 8,
      compression: 1,
      palette: paletteOf(256),
      // Two pixels right, one row up, then a run of three.
      pixels: Uint8Array.from([0, 2, 2, 1, 3, 9, 0, 1]),
    },
    expected: Array.from({ length: width * height }, (_, i) => {
      const run = Math.floor(i / width) === height - 2 && i % width >= 2 && i % width < 5;
      return [...paletteOf(256)[run ? 9 : 0]!];
    }).flat(),
  },
];

describe('every kind of bitmap gives its pixels', () => {
  it.each(kinds)('$what', async ({ parts, expected }) => {
    const image = await decodeImage(inMemory(bitmapFile({ width, height, ...parts }), 'bmp'));
    expect([image.width, image.height]).toEqual([width, height]);
    expect([...image.data]).toEqual(expected);
  });

  it('and is read from disk, whatever its name', async () => {
    const path = join(folder, 'lesion.jpg');
    writeFileSync(path, bitmapFile({ width, height, bitsPerPixel: 24, pixels: bitmapRows(height, triples) }));
    const file = await readImageFile(path);
    expect(file).toMatchObject({ format: 'bmp', notes: ['CONTENT_BMP'] });
    expect((await preprocess(file, 4)).square).toHaveLength(4 * 4 * 3);
  });
});

const good = { width, height, bitsPerPixel: 24, pixels: bitmapRows(height, triples) };
const palette8 = { width, height, bitsPerPixel: 8, palette: paletteOf(256) };

interface Bad {
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly code: ErrorCode;
  readonly says: RegExp;
}
const truncated = (what: string, parts: BitmapParts, says: RegExp): Bad => ({
  what,
  bytes: bitmapFile(parts),
  code: 'IMAGE_TRUNCATED',
  says,
});

const bad: readonly Bad[] = [
  truncated('rows missing', { ...good, pixels: good.pixels.subarray(0, -45) }, /only 5 of its 7 rows/),
  truncated('one byte missing', { ...good, pixels: good.pixels.subarray(0, -2) }, /only 6 of its 7 rows/),
  truncated('pixels that begin behind the end', { ...good, offset: 1e9 }, /only 0 of its 7 rows/),
  truncated('no width', { ...good, width: 0 }, /0 x 7/),
  truncated('a negative width', { ...good, width: -5 }, /-5 x 7/),
  truncated('no height', { ...good, height: 0 }, /13 x 0/),
  {
    what: 'the lowest height there is',
    bytes: bitmapFile({ ...good, width: 1, height: -(2 ** 31) }),
    code: 'IMAGE_TOO_LARGE',
    says: /1 x 2147483648/,
  },
  truncated('5 bits per pixel', { ...good, bitsPerPixel: 5 }, /5 bits/),
  truncated('an embedded JPEG', { ...good, compression: 4 }, /stored in way 4/),
  truncated('run lengths of 24 bits', { ...good, compression: 1 }, /24 bits stored in way 1/),
  truncated(
    'run lengths from the top',
    { ...palette8, height: -7, compression: 1, pixels: new Uint8Array(9) },
    /8 bits stored/,
  ),
  truncated(
    'masks that are missing',
    { width, height, bitsPerPixel: 16, compression: 3, pixels: new Uint8Array(0) },
    /ends within its header/,
  ),
  truncated(
    'indices beyond the palette',
    { ...palette8, palette: paletteOf(3), used: 3, pixels: bitmapRows(height, (y) => packed(8, y)) },
    /colour \d+, but it holds 3/,
  ),
  truncated(
    'no palette',
    {
      ...palette8,
      palette: [],
      pixels: bitmapRows(height, () => new Array<number>(width).fill(0)),
      offset: 54,
    },
    /holds 0 colours/,
  ),
  truncated(
    'run lengths that break off',
    { ...palette8, compression: 1, pixels: Uint8Array.from(rle8().slice(0, 60)) },
    /end in row/,
  ),
  truncated(
    'run lengths beyond the last row',
    { ...palette8, compression: 1, pixels: Uint8Array.from([...rle8(), 0, 0, 1, 1, 0, 1]) },
    /beyond its 7 rows/,
  ),
  truncated(
    'endless runs in one row',
    { ...palette8, compression: 1, pixels: new Uint8Array(1e6).fill(255) },
    /longer than it claims/,
  ),
  {
    what: 'a header cut off',
    bytes: bitmapFile(good).subarray(0, 30),
    code: 'IMAGE_TRUNCATED',
    says: /ends within its header/,
  },
  {
    what: 'a claim of 30000 x 30000, before anything is allocated',
    bytes: bitmapFile({ ...good, width: 30_000, height: 30_000 }),
    code: 'IMAGE_TOO_LARGE',
    says: /30000 x 30000/,
  },
  {
    what: 'a claim of 2 billion a side',
    bytes: bitmapFile({
      ...palette8,
      width: 2 ** 31 - 1,
      height: 2 ** 31 - 1,
      compression: 1,
      pixels: new Uint8Array(9),
    }),
    code: 'IMAGE_TOO_LARGE',
    says: /megapixels/,
  },
];

describe('bad bitmaps', () => {
  it.each(bad)('$what: $code', async ({ bytes, code, says }) => {
    const path = join(folder, 'bad.bmp');
    writeFileSync(path, bytes);
    await expect(readImageFile(path).then((file) => preprocess(file, 8))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(says) as string,
    });
  });

  it('a text that begins with BM is a text', async () => {
    const path = join(folder, 'bm.bmp');
    writeFileSync(path, 'BM is how bitmaps begin, and this sentence too.');
    await expect(readImageFile(path)).rejects.toMatchObject({ code: 'IMAGE_UNRECOGNISED' });
  });
});

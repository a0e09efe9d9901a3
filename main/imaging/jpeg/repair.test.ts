// Odd headers are put right and no pixel changes; lost pixels stay refused, with and without an odd header.
import { describe, expect, it } from 'vitest';
import { gradient, inMemory } from '../../testing/images.ts';
import { decodeImage, openImage } from '../decode.ts';
import { sharp } from '../sharp.ts';

const width = 120;
const height = 90;

/** Gradient with texture, so that every block holds coefficients. */
const textured = gradient(width, height).map((level, i) => Math.min(255, level + ((i * 7919) % 23)));

const codings = {
  baseline: { quality: 90 },
  'without subsampling': { quality: 95, chromaSubsampling: '4:4:4' },
  grey: { quality: 90, grey: true },
  progressive: { quality: 90, progressive: true },
  mozjpeg: { quality: 85, mozjpeg: true },
} as const;
type Coding = keyof typeof codings;
const allCodings = Object.keys(codings) as Coding[];

async function whole(coding: Coding): Promise<Buffer> {
  return sharp(textured, { raw: { width, height, channels: 3 } })
    .toColourspace('grey' in codings[coding] ? 'b-w' : 'srgb')
    .jpeg(codings[coding])
    .toBuffer();
}

const pixelsOf = async (bytes: Uint8Array): Promise<Buffer> =>
  Buffer.from((await decodeImage(inMemory(bytes, 'jpeg'))).data);
const notesOf = async (bytes: Uint8Array) => (await openImage(inMemory(bytes, 'jpeg'))).notes;

/** Offset of a marker's FF, from the beginning or the end. */
const find = (jpeg: Buffer, code: number): number => jpeg.indexOf(Buffer.of(0xff, code));
const insert = (jpeg: Buffer, at: number, ...bytes: readonly number[]): Buffer =>
  Buffer.concat([jpeg.subarray(0, at), Buffer.from(bytes), jpeg.subarray(at)]);
const segment = (code: number, data: Buffer): Buffer =>
  Buffer.concat([Buffer.of(0xff, code, (data.length + 2) >> 8, (data.length + 2) & 255), data]);

/** Samsung: spectral range and precision of a sequential scan are zeros. */
function samsung(jpeg: Buffer): Buffer {
  const changed = Buffer.from(jpeg);
  const sos = find(jpeg, 0xda);
  changed.fill(0, sos + 2 + jpeg.readUInt16BE(sos + 2) - 3, sos + 2 + jpeg.readUInt16BE(sos + 2));
  return changed;
}
const stray = [0x13, 0x37, 0xff, 0x00, 0x42, 0x00, 0x00, 0x99];
const oddities: Record<string, (jpeg: Buffer) => Buffer> = {
  'a Samsung scan header': samsung,
  'stray bytes before the tables': (jpeg) => insert(jpeg, find(jpeg, 0xdb), ...stray),
  'stray bytes before the frame': (jpeg) => insert(jpeg, find(jpeg, 0xc0), ...stray),
  'stray bytes before the scan': (jpeg) => insert(jpeg, find(jpeg, 0xda), ...stray),
  'stray bytes in two places and a Samsung scan header': (jpeg) =>
    samsung(insert(insert(jpeg, find(jpeg, 0xda), ...stray), find(jpeg, 0xdb), ...stray)),
  'its beginning twice': (jpeg) => insert(jpeg, 0, 0xff, 0xd8),
  'a JFIF revision from the future': (jpeg) =>
    Buffer.concat([
      jpeg.subarray(0, 2),
      segment(0xe0, Buffer.from('JFIF\0\x07\x01\0\0\x01\0\x01\0\0', 'latin1')),
      jpeg.subarray(2),
    ]),
  'an Adobe transform that nobody knows': (jpeg) =>
    Buffer.concat([
      jpeg.subarray(0, 2),
      segment(0xee, Buffer.from('Adobe\0\x64\0\0\0\0\x05', 'latin1')),
      jpeg.subarray(2),
    ]),
};

describe('harmless oddities', () => {
  it.each(Object.keys(oddities))('%s: read, noted, every pixel as without it', async (name) => {
    const jpeg = await whole('baseline');
    const odd = oddities[name]!(jpeg);
    // libjpeg warns of each, which refuses the image: else this would show nothing.
    await expect(sharp(odd, { failOn: 'warning' }).raw().toBuffer()).rejects.toThrow();
    expect((await pixelsOf(odd)).equals(await pixelsOf(jpeg))).toBe(true);
    expect(await notesOf(odd)).toEqual(['HEADER_REPAIRED']);
  });

  it.each(allCodings)('%s without its end marker, or with half of it', async (coding) => {
    const jpeg = await whole(coding);
    for (const missing of [1, 2]) {
      const cut = jpeg.subarray(0, -missing);
      await expect(sharp(cut, { failOn: 'none' }).metadata()).resolves.toBeDefined();
      expect((await pixelsOf(cut)).equals(await pixelsOf(jpeg))).toBe(true);
      expect(await notesOf(cut)).toEqual(['END_MISSING']);
    }
  });

  it('fill bytes before markers are no oddity, and nothing is said of them', async () => {
    const jpeg = await whole('baseline');
    const filled = insert(jpeg, find(jpeg, 0xdb), 0xff, 0xff, 0xff);
    expect((await pixelsOf(filled)).equals(await pixelsOf(jpeg))).toBe(true);
    expect(await notesOf(filled)).toEqual([]);
    expect(await notesOf(jpeg)).toEqual([]);
  });
});

describe('lost pixels', () => {
  const refused = { code: 'IMAGE_TRUNCATED' };

  it.each(allCodings)('%s cut anywhere: refused, or not a pixel is missing', async (coding) => {
    const jpeg = await whole(coding);
    const expected = await pixelsOf(jpeg);
    const start = find(jpeg, 0xda);
    const cuts = new Set([
      ...Array.from({ length: 40 }, (_, i) => jpeg.length - 1 - i),
      ...Array.from({ length: 60 }, (_, i) => start + Math.floor(((jpeg.length - start) * i) / 60)),
    ]);
    let refusals = 0;
    for (const length of cuts) {
      const outcome = await pixelsOf(jpeg.subarray(0, length)).catch((error: unknown) => error);
      if (outcome instanceof Buffer) expect([length, outcome.equals(expected)]).toEqual([length, true]);
      else {
        expect(outcome).toMatchObject(refused);
        refusals++;
      }
    }
    // Only the last few bytes can be spared.
    expect(refusals).toBeGreaterThan(cuts.size - 5);
  });

  it.each(allCodings)(
    '%s cut in its last rows, but with an end marker: refused, or not a pixel is missing',
    async (coding) => {
      const jpeg = await whole(coding);
      const expected = await pixelsOf(jpeg);
      let refusals = 0;
      for (let missing = 3; missing < 120; missing += 3) {
        const cut = Buffer.concat([jpeg.subarray(0, -missing), Buffer.of(0xff, 0xd9)]);
        const outcome = await pixelsOf(cut).catch((error: unknown) => error);
        if (outcome instanceof Buffer) expect([missing, outcome.equals(expected)]).toEqual([missing, true]);
        else {
          expect(outcome).toMatchObject(refused);
          refusals++;
        }
      }
      expect(refusals).toBeGreaterThan(37);
    },
  );

  it('codes that are none in the last rows: refused', async () => {
    const jpeg = await whole('without subsampling');
    // No code consists of ones alone.
    const ones = Buffer.alloc(58, Buffer.of(0xff, 0x00));
    const overwritten = Buffer.concat([jpeg.subarray(0, -60), ones, jpeg.subarray(-2)]);
    await expect(pixelsOf(overwritten)).rejects.toMatchObject(refused);
  });

  it('a progressive file that ends between two scans, with no end marker: refused', async () => {
    const jpeg = await whole('progressive');
    const scans: number[] = [];
    for (let at = find(jpeg, 0xda); at >= 0; at = jpeg.indexOf(Buffer.of(0xff, 0xda), at + 2)) scans.push(at);
    expect(scans.length).toBeGreaterThan(2);
    for (const scan of scans.slice(1)) {
      // Where the tables of the scan begin, as far as it has any of its own.
      const tables = jpeg.lastIndexOf(Buffer.of(0xff, 0xc4), scan);
      for (const end of [scan, tables]) {
        await expect(pixelsOf(jpeg.subarray(0, end))).rejects.toMatchObject(refused);
      }
    }
  });

  it.each(Object.keys(oddities))('%s does not excuse missing or overwritten pixels', async (name) => {
    const odd = oddities[name]!(await whole('baseline'));
    const scan = odd.lastIndexOf(Buffer.of(0xff, 0xda)) + 14;
    const missing = odd.subarray(0, scan + ((odd.length - scan) >> 1));
    await expect(pixelsOf(missing)).rejects.toMatchObject(refused);
    await expect(pixelsOf(Buffer.concat([missing, Buffer.of(0xff, 0xd9)]))).rejects.toMatchObject(refused);
    const overwritten = Buffer.from(odd).fill(0xfe, scan + 400, scan + 600);
    await expect(pixelsOf(overwritten)).rejects.toMatchObject(refused);
    await expect(pixelsOf(overwritten.subarray(0, -2))).rejects.toMatchObject(refused);
    const zeros = Buffer.from(odd).fill(0, scan + 400);
    await expect(pixelsOf(zeros)).rejects.toMatchObject(refused);
  });

  it('a picture that begins within another is not taken for it', async () => {
    const jpeg = await whole('baseline');
    // As where the length of an EXIF segment is too small, and its thumbnail comes into view.
    const nested = insert(jpeg, find(jpeg, 0xc0), ...jpeg);
    await expect(pixelsOf(nested)).rejects.toMatchObject(refused);
  });

  it('stray bytes within the pixels are lost pixels', async () => {
    const jpeg = await whole('baseline');
    const scan = find(jpeg, 0xda) + 14;
    await expect(pixelsOf(insert(jpeg, scan + 300, 0xff, 0x01, 0x55, 0xff, 0x02))).rejects.toMatchObject(
      refused,
    );
  });
});

// TIFF headers in disorder are put right and no pixel changes; missing pixels stay refused.
import { describe, expect, it } from 'vitest';
import { gradient, inMemory } from '../../testing/images.ts';
import { decodeImage, openImage } from '../decode.ts';
import { sharp } from '../sharp.ts';
import { sniff } from '../sniff.ts';
import { readDirectory, tags, type Entry } from './directory.ts';
import { writeTiff, type Field } from './write.ts';

const width = 70;
const height = 50;
const rgb = gradient(width, height);

const plain = (): Promise<Buffer> =>
  sharp(rgb, { raw: { width, height, channels: 3 } })
    .tiff({ compression: 'none' })
    .toBuffer();

/** The file with another first directory, at its end. */
function withEntries(
  tiff: Buffer,
  change: (entries: readonly Entry[]) => readonly Entry[],
  next = 0,
): Buffer {
  const entries = change(readDirectory(tiff)!.entries);
  const directory = Buffer.alloc(2 + 12 * entries.length + 4);
  directory.writeUInt16LE(entries.length);
  entries.forEach(({ tag, type, count, field }, index) => {
    const at = 2 + 12 * index;
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type, at + 2);
    directory.writeUInt32LE(count, at + 4);
    directory.set(field, at + 8);
  });
  directory.writeUInt32LE(next, directory.length - 4);
  const changed = Buffer.concat([tiff, directory]);
  changed.writeUInt32LE(tiff.length, 4);
  return changed;
}
const short = (tag: number, value: number): Entry => ({
  tag,
  type: 3,
  count: 1,
  field: Uint8Array.of(value & 255, value >> 8, 0, 0),
});
const pixelsOf = async (bytes: Uint8Array): Promise<Buffer> =>
  Buffer.from((await decodeImage(inMemory(bytes, 'tiff'))).data);
const notesOf = async (bytes: Uint8Array) => (await openImage(inMemory(bytes, 'tiff'))).notes;

const odd: Record<string, (tiff: Buffer) => Buffer> = {
  'tags in reverse order': (tiff) => withEntries(tiff, (entries) => [...entries].reverse()),
  'a tag that stands twice': (tiff) =>
    withEntries(tiff, (entries) => [entries[0]!, entries[0]!, ...entries.slice(1)]),
  'a description out of place': (tiff) =>
    withEntries(tiff, (entries) => [...entries, { tag: 270, type: 2, count: 4, field: Buffer.from('abcd') }]),
};

describe('harmless oddities', () => {
  it.each(Object.keys(odd))('%s: read, noted, every pixel as without it', async (name) => {
    const bytes = odd[name]!(await plain());
    await expect(sharp(bytes, { failOn: 'warning' }).raw().toBuffer()).rejects.toThrow();
    expect((await pixelsOf(bytes)).equals(Buffer.from(rgb))).toBe(true);
    expect(await notesOf(bytes)).toEqual(['HEADER_REPAIRED']);
  });

  it('a later page that cannot be read, and a description without an end: neither costs the first page', async () => {
    const tiff = await plain();
    const description = { tag: 270, type: 2, count: 4, field: Buffer.from('abcd') };
    const inOrder = (entries: readonly Entry[]) => [...entries, description].sort((a, b) => a.tag - b.tag);
    for (const bytes of [withEntries(tiff, (entries) => entries, 0x7fffffff), withEntries(tiff, inOrder)]) {
      await expect(sharp(bytes, { failOn: 'warning' }).raw().toBuffer()).rejects.toThrow();
      expect((await pixelsOf(bytes)).equals(Buffer.from(rgb))).toBe(true);
    }
  });

  it('says nothing of a file in order', async () => {
    expect(await notesOf(await plain())).toEqual([]);
  });
});

describe('lost pixels', () => {
  const refused = { code: 'IMAGE_TRUNCATED' };

  it.each(Object.keys(odd))('%s does not excuse missing rows', async (name) => {
    const bytes = odd[name]!(await plain());
    const claims = Buffer.from(bytes);
    const directory = readDirectory(claims)!;
    const at = directory.offset + 2 + 12 * directory.entries.findIndex(({ tag }) => tag === tags.height);
    claims.writeUInt16LE(height * 4, at + 8);
    await expect(pixelsOf(claims)).rejects.toMatchObject(refused);
  });

  it('tags that contradict each other are refused, in words about the image', async () => {
    const bytes = withEntries(await plain(), (entries) => [short(tags.height, height - 8), ...entries]);
    const error: unknown = await pixelsOf(bytes).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(refused);
    expect(String(error)).not.toMatch(/failOn/);
  });

  it('no header makes the reader fall', async () => {
    const tiff = await plain();
    const directory = readDirectory(tiff)!;
    for (const length of [8, 9, 15, 16, directory.offset, directory.offset + 2, tiff.length - 1]) {
      const outcome: unknown = await pixelsOf(tiff.subarray(0, length)).catch((thrown: unknown) => thrown);
      if (!(outcome instanceof Buffer)) expect(outcome).toMatchObject(refused);
    }
  });
});

/** A tiled file with a plane for each colour; edges of the picture lie within tiles. */
function inPlanes(
  options: {
    bits?: 8 | 16;
    samples?: 3 | 4;
    littleEndian?: boolean;
    orientation?: number;
    lose?: number;
  } = {},
): Uint8Array {
  const { bits = 8, samples = 3, littleEndian = true, orientation = 1, lose = 0 } = options;
  const side = 32;
  const size = bits / 8;
  const data: Uint8Array[] = [];
  for (let plane = 0; plane < samples; plane++) {
    for (let top = 0; top < height; top += side) {
      for (let left = 0; left < width; left += side) {
        const tile = new Uint8Array(side * side * size);
        for (let y = 0; y < Math.min(side, height - top); y++) {
          for (let x = 0; x < Math.min(side, width - left); x++) {
            const level = plane < 3 ? rgb[((top + y) * width + left + x) * 3 + plane]! : 255;
            // 16 bits: the level is the high byte, as in an 8-bit picture stored so.
            tile.fill(level, (y * side + x) * size, (y * side + x + 1) * size);
          }
        }
        data.push(tile);
      }
    }
  }
  if (lose > 0) data[lose] = data[lose]!.subarray(0, 100);
  const fields: Field[] = [
    { tag: tags.width, numbers: [width] },
    { tag: tags.height, numbers: [height] },
    { tag: tags.bitsPerSample, numbers: new Array<number>(samples).fill(bits), short: true },
    { tag: tags.compression, numbers: [1], short: true },
    { tag: tags.photometric, numbers: [2], short: true },
    { tag: tags.orientation, numbers: [orientation], short: true },
    { tag: tags.samplesPerPixel, numbers: [samples], short: true },
    { tag: tags.planarConfiguration, numbers: [2], short: true },
    { tag: tags.tileWidth, numbers: [side], short: true },
    { tag: tags.tileLength, numbers: [side], short: true },
    ...(samples === 4 ? [{ tag: tags.extraSamples, numbers: [2], short: true }] : []),
  ];
  return writeTiff({ littleEndian, fields, blocks: { kind: 'tiles', data } });
}

describe('tiles with a plane for each colour', () => {
  it.each([
    ['8 bits', {}],
    ['8 bits with alpha', { samples: 4 }],
    ['16 bits', { bits: 16 }],
    ['big-endian', { littleEndian: false }],
    ['16 bits, big-endian, with alpha', { bits: 16, littleEndian: false, samples: 4 }],
  ] as const)('%s', async (_, options) => {
    expect((await pixelsOf(inPlanes(options))).equals(Buffer.from(rgb))).toBe(true);
  });

  it('turned by its tag', async () => {
    const image = await decodeImage(inMemory(inPlanes({ orientation: 3 }), 'tiff'));
    const last = rgb.subarray(rgb.length - 3);
    expect([...image.data.subarray(0, 3)]).toEqual([...last]);
  });

  it('a plane that has lost a part is refused', async () => {
    await expect(pixelsOf(inPlanes({ lose: 4 }))).rejects.toMatchObject({ code: 'IMAGE_TRUNCATED' });
    const whole = inPlanes();
    await expect(pixelsOf(whole.subarray(0, whole.length >> 1))).rejects.toMatchObject({
      code: 'IMAGE_TRUNCATED',
    });
  });

  it('kinds that are not read say so, and what to do', async () => {
    // Planes of grey values: nobody writes them, and libvips does not read them either.
    const grey = Buffer.from(inPlanes());
    const directory = readDirectory(grey)!;
    const at = directory.offset + 2 + 12 * directory.entries.findIndex(({ tag }) => tag === tags.photometric);
    grey.writeUInt16LE(1, at + 8);
    await expect(pixelsOf(grey)).rejects.toMatchObject({ code: 'IMAGE_UNSUPPORTED' });
  });
});

it('a camera raw file is known by its tags, whatever its name', async () => {
  const tiff = await plain();
  const inOrder = (...more: Entry[]) =>
    withEntries(tiff, (entries) => [...entries, ...more].sort((a, b) => a.tag - b.tag));
  const reduced = withEntries(tiff, (entries) => [
    ...entries.filter(({ tag }) => tag !== 254),
    short(254, 1),
    short(330, 8),
  ]);
  for (const bytes of [inOrder(short(tags.dngVersion, 1)), reduced]) {
    expect(sniff(bytes, 'a.tif')).toMatchObject({ code: 'IMAGE_RAW' });
  }
  expect(sniff(tiff, 'a.tif')).toEqual({ format: 'tiff' });
});

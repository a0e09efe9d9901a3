import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RgbImage } from './pixels.ts';
import { decodeImage } from './decode.ts';
import { preprocess } from './preprocess.ts';
import { sharp } from './sharp.ts';
import { gradient, handmadePng, inMemory } from '../testing/images.ts';

const width = 24;
const height = 16;

/** Pixels of `channels` channels as a pipeline that encodes them. */
const raw = (data: Uint8Array | Uint16Array, channels: 1 | 2 | 3 | 4): ReturnType<typeof sharp> =>
  sharp(data, { raw: { width, height, channels } });

const repeated = (pixel: readonly number[]): number[] =>
  Array.from({ length: width * height }, () => pixel).flat();

/** Every pixel is this colour, up to `tolerance` grey levels. */
function expectColour(image: RgbImage, colour: readonly number[], tolerance = 0): void {
  expect(image.data.length).toBe(width * height * 3);
  const largest = image.data.reduce((most, level, i) => Math.max(most, Math.abs(level - colour[i % 3]!)), 0);
  expect(largest, `${[...image.data.subarray(0, 3)].join()} is not ${colour.join()}`).toBeLessThanOrEqual(
    tolerance,
  );
}

describe('EXIF orientation', () => {
  /**
   * Where the upright pixel (x, y) lies in the file, as [column, row], by which sides of the scene row 0 and
   * column 0 are (Exif 2.32, tag 0x0112).
   */
  const stored: Record<number, (x: number, y: number, w: number, h: number) => [number, number]> = {
    1: (x, y) => [x, y], // top, left
    2: (x, y, w) => [w - 1 - x, y], // top, right
    3: (x, y, w, h) => [w - 1 - x, h - 1 - y], // bottom, right
    4: (x, y, _, h) => [x, h - 1 - y], // bottom, left
    5: (x, y) => [y, x], // left, top
    6: (x, y, w) => [y, w - 1 - x], // right, top
    7: (x, y, w, h) => [h - 1 - y, w - 1 - x], // right, bottom
    8: (x, y, _, h) => [h - 1 - y, x], // left, bottom
  };

  const cases = Object.keys(stored).flatMap((key) =>
    (['png', 'tiff', 'webp', 'jpeg'] as const).map((format) => ({ orientation: Number(key), format })),
  );

  it.each(cases)('$orientation in $format gives the upright pixels', async ({ orientation, format }) => {
    const upright = gradient(width, height);
    const turned = orientation > 4;
    const size = turned ? { width: height, height: width } : { width, height };
    const pixels = new Uint8Array(upright.length);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [column, row] = stored[orientation]!(x, y, width, height);
        const from = (y * width + x) * 3;
        pixels.set(upright.subarray(from, from + 3), (row * size.width + column) * 3);
      }
    }
    const lossless = {
      png: {},
      tiff: { compression: 'lzw' },
      webp: { lossless: true },
      jpeg: { quality: 100, chromaSubsampling: '4:4:4' },
    } as const;
    const bytes = await sharp(pixels, { raw: { ...size, channels: 3 } })
      .withMetadata({ orientation })
      .toFormat(format, lossless[format])
      .toBuffer();
    const image = await decodeImage(inMemory(bytes, format));
    expect([image.width, image.height]).toEqual([width, height]);
    const largest = image.data.reduce((most, level, i) => Math.max(most, Math.abs(level - upright[i]!)), 0);
    expect(largest).toBeLessThanOrEqual(format === 'jpeg' ? 3 : 0);
    // Resizing sees the same upright image.
    const fromFile = await preprocess(inMemory(bytes, format), height);
    expect([fromFile.width, fromFile.height]).toEqual([width, height]);
    const expected = gradient(width, height);
    const left = (width - height) / 2;
    const corner = expected.subarray(left * 3, left * 3 + 3);
    expect(Math.abs(fromFile.square[0]! - corner[0]!)).toBeLessThanOrEqual(3);
    expect(Math.abs(fromFile.square[1]! - corner[1]!)).toBeLessThanOrEqual(3);
  });
});

describe('orientation that only XMP tells', () => {
  const packet = (orientation: string) =>
    `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"${orientation}</rdf:Description></rdf:RDF></x:xmpmeta>`;
  const ways = {
    attribute: (orientation: number) => packet(` tiff:Orientation="${orientation}">`),
    element: (orientation: number) => packet(`><tiff:Orientation>${orientation}</tiff:Orientation>`),
  };

  it.each(
    (['attribute', 'element'] as const).flatMap((way) =>
      [1, 2, 3, 4, 5, 6, 7, 8].flatMap((orientation) =>
        (['png', 'webp', 'jpeg'] as const).map((format) => ({ way, orientation, format })),
      ),
    ),
  )('$orientation as an $way in $format: as EXIF tells it', async ({ way, orientation, format }) => {
    const image = () => raw(gradient(width, height), 3);
    const options = { png: {}, webp: { lossless: true }, jpeg: { quality: 95 } }[format];
    const byXmp = await image().withXmp(ways[way](orientation)).toFormat(format, options).toBuffer();
    const byExif = await image().withMetadata({ orientation }).toFormat(format, options).toBuffer();
    expect((await sharp(byXmp).metadata()).orientation).toBeUndefined();
    const [xmp, exif] = await Promise.all(
      [byXmp, byExif].map((bytes) => decodeImage(inMemory(bytes, format))),
    );
    expect(xmp).toEqual(exif);
  });
});

describe('every kind of pixel becomes 8-bit RGB', () => {
  it('greyscale: the three channels are the grey', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 255 }), async (grey) => {
        const pixels = raw(Uint8Array.from(repeated([grey])), 1).toColourspace('b-w');
        for (const format of ['png', 'jpeg', 'tiff'] as const) {
          const bytes = await pixels
            .clone()
            .toFormat(format, format === 'jpeg' ? { quality: 100 } : {})
            .toBuffer();
          const tolerance = format === 'png' ? 0 : 1;
          expectColour(await decodeImage(inMemory(bytes, format)), [grey, grey, grey], tolerance);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('one bit per pixel: black and white', async () => {
    const rows = Uint8Array.from({ length: (1 + width / 8) * height }, (_, i) =>
      i % (1 + width / 8) ? 0xff : 0,
    );
    const png = handmadePng({ width, height, bitDepth: 1, colourType: 0 }, rows);
    expectColour(await decodeImage(inMemory(png, 'png')), [255, 255, 255]);
  });

  it('a palette', async () => {
    const bytes = await raw(Uint8Array.from(repeated([190, 60, 20])), 3)
      .png({ palette: true })
      .toBuffer();
    expectColour(await decodeImage(inMemory(bytes, 'png')), [190, 60, 20]);
  });

  it('alpha: laid on black, and what is hidden stays hidden', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 }),
        async (pixel) => {
          const bytes = await raw(Uint8Array.from(repeated(pixel)), 4)
            .png()
            .toBuffer();
          const expected = pixel.slice(0, 3).map((level) => (level * pixel[3]!) / 255);
          expectColour(await decodeImage(inMemory(bytes, 'png')), expected, 1);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('opaque alpha and grey with alpha change nothing', async () => {
    const opaque = await raw(Uint8Array.from(repeated([10, 200, 30, 255])), 4)
      .webp({ lossless: true })
      .toBuffer();
    expectColour(await decodeImage(inMemory(opaque, 'webp')), [10, 200, 30]);
    const grey = await raw(Uint8Array.from(repeated([77, 255])), 2)
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expectColour(await decodeImage(inMemory(grey, 'png')), [77, 77, 77]);
  });

  it('16 bits: the high byte, for RGB and grey', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 65535 }), async (sample) => {
        const [high, low] = [sample >> 8, sample & 255];
        const row = [0, ...Array.from({ length: width }, () => [high, low]).flat()];
        const rows = Uint8Array.from(Array.from({ length: height }, () => row).flat());
        const grey = handmadePng({ width, height, bitDepth: 16, colourType: 0 }, rows);
        expectColour(await decodeImage(inMemory(grey, 'png')), [high, high, high]);
        const rgbRow = [0, ...Array.from({ length: width }, () => [high, low, 0xff, 0xff, 0, 0]).flat()];
        const rgbRows = Uint8Array.from(Array.from({ length: height }, () => rgbRow).flat());
        const rgb = handmadePng({ width, height, bitDepth: 16, colourType: 2 }, rgbRows);
        expectColour(await decodeImage(inMemory(rgb, 'png')), [high, 255, 0]);
      }),
      { numRuns: 20 },
    );
  });

  it('16 bits: an 8-bit image stored as 16-bit gives the same square', async () => {
    const pixels = gradient(width, height);
    const deep = Array.from({ length: height }, (_, y) => [
      0,
      ...Array.from(pixels.subarray(y * width * 3, (y + 1) * width * 3), (level) => [level, level]).flat(),
    ]).flat();
    const png = handmadePng({ width, height, bitDepth: 16, colourType: 2 }, Uint8Array.from(deep));
    const shallow = await raw(pixels, 3).png().toBuffer();
    for (const size of [8, 32]) {
      const [sixteen, eight] = await Promise.all(
        [png, shallow].map((bytes) => preprocess(inMemory(bytes, 'png'), size)),
      );
      expect(sixteen!.square).toEqual(eight!.square);
    }
  });

  it.each(['jpeg', 'tiff'] as const)('CMYK in %s: back to the colour it was made from', async (format) => {
    for (const colour of [
      [200, 120, 90],
      [255, 255, 255],
      [60, 40, 35],
    ]) {
      const quality = format === 'jpeg' ? { quality: 100 } : {};
      const bytes = await raw(Uint8Array.from(repeated(colour)), 3)
        .toColourspace('cmyk')
        .toFormat(format, quality)
        .toBuffer();
      expect((await sharp(bytes).metadata()).space).toBe('cmyk');
      // A printer's colour space holds fewer colours, in 8 bits.
      expectColour(await decodeImage(inMemory(bytes, format)), colour, 12);
    }
  });

  it('a colour profile is applied; sRGB pixels are taken as they are', async () => {
    // Pure red of Display P3 lies outside sRGB; a muted colour moves by a few levels.
    const tagged = (profile: 'p3' | 'srgb'): Promise<Buffer> =>
      raw(Uint8Array.from(repeated([200, 100, 50])), 3)
        .withIccProfile(profile)
        .png()
        .toBuffer();
    const srgb = await decodeImage(inMemory(await tagged('srgb'), 'png'));
    expectColour(srgb, [200, 100, 50]);
    // sharp converts to the profile while writing, so a right reader comes back to where it started.
    const p3File = await tagged('p3');
    const stored = await sharp(p3File, { ignoreIcc: true }).raw().toBuffer();
    expect([...stored.subarray(0, 3)]).not.toEqual([200, 100, 50]);
    expectColour(await decodeImage(inMemory(p3File, 'png')), [200, 100, 50], 2);
  });
});

describe('files of several images', () => {
  const frames = [
    [250, 10, 10],
    [10, 250, 10],
  ].map((colour) => Uint8Array.from(repeated(colour)));

  it.each(['webp', 'tiff'] as const)('%s: the first counts', async (format) => {
    const stacked = sharp(Buffer.concat(frames), {
      raw: { width, height: 2 * height, channels: 3, pageHeight: height },
    });
    const options = { webp: { lossless: true }, tiff: { compression: 'lzw' } } as const;
    const bytes = await stacked.toFormat(format, options[format]).toBuffer();
    expect((await sharp(bytes).metadata()).pages).toBe(2);
    expectColour(await decodeImage(inMemory(bytes, format)), [250, 10, 10]);
  });
});

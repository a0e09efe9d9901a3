import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readSafetensors } from '../testing/safetensors.ts';
import { goldenPath, sharedFolder, sharedPath } from '../testing/shared.ts';
import { resizeBicubic } from './bicubic.ts';
import { decodeImage } from './decode.ts';
import { readImageFile } from './file.ts';
import { geometryOf, preprocess, toTensor } from './preprocess.ts';
import { sharp } from './sharp.ts';
import { inMemory } from '../testing/images.ts';

const clipMean = [0.48145466, 0.4578275, 0.40821073];
const clipStd = [0.26862954, 0.26130258, 0.27577711];

function meanDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!);
  return sum / a.length;
}

describe('against the reference (golden vectors of the repository)', () => {
  const expected = readSafetensors(goldenPath('expected.safetensors')).get('resize-2.rgb')!.data;

  it('resizes as PIL does: mean error below 0.5 grey levels', async () => {
    const { square } = await preprocess(await readImageFile(goldenPath('resize-2.png')), 128);
    expect(meanDifference(square, expected)).toBeLessThan(0.5);
  });

  it('resizes the same up to rounding by our own bicubic kernel', async () => {
    const image = await decodeImage(await readImageFile(goldenPath('resize-2.png')));
    const { width, height, left, top } = geometryOf(image.width, image.height, 128);
    const square = resizeBicubic(image, { width, height }, { left, top, width: 128, height: 128 });
    expect(meanDifference(square, expected)).toBeLessThan(0.001);
  });
});

describe.skipIf(sharedFolder() === null)('against the reference (golden vectors)', () => {
  it.each([0, 1, 2, 3])('resize-%i.png: mean error below 0.5 grey levels', async (index) => {
    const expected = readSafetensors(sharedPath('golden', 'expected.safetensors'));
    const file = await readImageFile(sharedPath('golden', `resize-${index}.png`));
    const { square } = await preprocess(file, 128);
    expect(meanDifference(square, expected.get(`resize-${index}.rgb`)!.data)).toBeLessThan(0.5);
  });

  it.each([0, 1, 2, 3])('resize-%i.png by our own bicubic kernel: the same up to rounding', async (index) => {
    const expected = readSafetensors(sharedPath('golden', 'expected.safetensors'));
    const image = await decodeImage(await readImageFile(sharedPath('golden', `resize-${index}.png`)));
    const { width, height, left, top } = geometryOf(image.width, image.height, 128);
    const square = resizeBicubic(image, { width, height }, { left, top, width: 128, height: 128 });
    expect(meanDifference(square, expected.get(`resize-${index}.rgb`)!.data)).toBeLessThan(0.001);
  });

  it('normalised images equal the expected tensor within 1e-5', async () => {
    const expected = readSafetensors(sharedPath('golden', 'expected.safetensors')).get('image')!.data;
    for (const index of [0, 1, 2]) {
      const { square } = await preprocess(
        await readImageFile(sharedPath('golden', `image-${index}.png`)),
        128,
      );
      const tensor = toTensor(square, 128, clipMean, clipStd);
      const row = expected.subarray(index * tensor.length, (index + 1) * tensor.length);
      const largest = tensor.reduce((most, value, i) => Math.max(most, Math.abs(value - row[i]!)), 0);
      expect(largest).toBeLessThan(1e-5);
    }
  });

  it.each(['jpeg', 'png', 'tiff', 'webp'] as const)(
    'reduces a large %s as the bicubic kernel does, without bias',
    async (format) => {
      // Natural texture at 1200 x 900, seven times the side: one sample, four times.
      const tile = readFileSync(sharedPath('samples', 'ISIC_0034334.jpg'));
      const corners = [0, 1, 2, 3].map((i) => ({ input: tile, left: (i % 2) * 600, top: (i >> 1) * 450 }));
      const large = sharp({ create: { width: 1200, height: 900, channels: 3, background: '#000000' } });
      const file = inMemory(await large.composite(corners).toFormat(format).toBuffer(), format);
      const image = await decodeImage(file);
      const { width, height, left, top } = geometryOf(image.width, image.height, 128);
      const reference = resizeBicubic(image, { width, height }, { left, top, width: 128, height: 128 });
      const { square } = await preprocess(file, 128);
      expect(meanDifference(square, reference)).toBeLessThan(0.3);
    },
  );
});

describe('geometry', () => {
  it.each([
    // torchvision: int(size * long / short), then int(round((long - size) / 2)), halves to even.
    [600, 450, 128, { width: 170, height: 128, left: 21, top: 0 }],
    [450, 600, 128, { width: 128, height: 170, left: 0, top: 21 }],
    [129, 128, 128, { width: 129, height: 128, left: 0, top: 0 }],
    [131, 128, 128, { width: 131, height: 128, left: 2, top: 0 }],
    [97, 300, 128, { width: 128, height: 395, left: 0, top: 134 }],
    [224, 224, 224, { width: 224, height: 224, left: 0, top: 0 }],
  ])('%i x %i to %i', (width, height, size, expected) => {
    expect(geometryOf(width, height, size)).toEqual(expected);
  });

  it('takes the centre of images far longer than wide, in both directions, without resizing all of it', async () => {
    for (const [width, height] of [
      [20_000, 4],
      [4, 20_000],
    ] as const) {
      const bytes = await sharp({ create: { width, height, channels: 3, background: '#c08060' } })
        .png()
        .toBuffer();
      const result = await preprocess(inMemory(bytes, 'png'), 32);
      expect(result).toMatchObject({ width, height });
      expect(result.square).toEqual(
        Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => [192, 128, 96][i % 3]!),
      );
    }
  });
});

describe('toTensor', () => {
  it('puts channels first, scales and normalises', () => {
    const tensor = toTensor(
      Uint8Array.of(0, 51, 102, 153, 204, 255, 0, 0, 0, 255, 255, 255),
      2,
      [0, 0.2, 1],
      [1, 2, 0.5],
    );
    const expected = [0, 0.6, 0, 1, 0, 0.3, -0.1, 0.4, -1.2, 0, -2, 0];
    expected.forEach((value, i) => {
      expect(tensor[i]).toBeCloseTo(value, 6);
    });
  });

  it('refuses pixels that are not a square of that size', () => {
    expect(() => toTensor(new Uint8Array(12), 3, clipMean, clipStd)).toThrow(RangeError);
  });
});

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { gradient, inMemory } from '../testing/images.ts';
import { readImageFile } from './file.ts';
import { looksOf } from './looks.ts';
import { preprocess } from './preprocess.ts';
import { sharp } from './sharp.ts';

const width = 300;
const height = 200;

/** A picture whose pixels are drawn one by one, as the model sees it. */
async function seen(
  colourAt: (x: number, y: number) => readonly number[],
  format: 'png' | 'jpeg',
  size: number,
): Promise<readonly string[]> {
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) pixels.set(colourAt(x, y), (y * width + x) * 3);
  }
  const bytes = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .toFormat(format)
    .toBuffer();
  return (await preprocess(inMemory(bytes, format), size)).notes;
}

const inLesion = (x: number, y: number): boolean => ((x - 140) / 70) ** 2 + ((y - 90) / 50) ** 2 < 1;

it.each(['png', 'jpeg'] as const)(
  'a mask in %s has two colours, a frame of one colour is blank',
  async (format) => {
    for (const size of [64, 224]) {
      const mask = await seen((x, y) => (inLesion(x, y) ? [255, 255, 255] : [0, 0, 0]), format, size);
      expect(mask).toEqual(['IMAGE_TWO_COLOURS']);
      const coloured = await seen((x, y) => (inLesion(x, y) ? [200, 40, 40] : [30, 60, 120]), format, size);
      expect(coloured).toEqual(['IMAGE_TWO_COLOURS']);
      expect(await seen(() => [3, 2, 4], format, size)).toEqual(['IMAGE_BLANK']);
    }
  },
);

it('a lesion on skin with the noise of a camera is neither, however flat', async () => {
  let state = 1;
  const noise = (): number => ((state = (state * 48_271) % 2_147_483_647) % 49) - 24;
  const skin = await seen(
    (x, y) => (inLesion(x, y) ? [90, 60, 50] : [210, 170, 150]).map((level) => level + noise()),
    'png',
    160,
  );
  expect(skin).toEqual([]);
  expect(looksOf(gradient(64, 64))).toEqual([]);
});

it('none of the example pictures is taken for a mask', async () => {
  const phantoms = join(import.meta.dirname, '../../assets/phantoms');
  for (const name of readdirSync(phantoms).filter((one) => one.endsWith('.jpg'))) {
    const { notes } = await preprocess(await readImageFile(join(phantoms, name)), 160);
    expect([name, notes]).toEqual([name, []]);
  }
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { previewSquare, thumbnail } from './display.ts';
import { readImageFile } from './file.ts';
import { preprocess } from './preprocess.ts';
import { sharp } from './sharp.ts';
import { gradient, temporaryFolder } from '../testing/images.ts';

const { folder, remove } = temporaryFolder();
const path = join(folder, 'portrait.jpg');

beforeAll(async () => {
  // Stored lying on its side, with a place where it was taken.
  const bytes = await sharp(gradient(400, 200), { raw: { width: 400, height: 200, channels: 3 } })
    .withMetadata({ orientation: 6 })
    .withExifMerge({ IFD3: { GPSLatitude: '51/1 30/1 0/1' } })
    .jpeg()
    .toBuffer();
  writeFileSync(path, bytes);
});
afterAll(remove);

it('a thumbnail is the whole image, upright, small, and tells nothing else of the original', async () => {
  const bytes = Buffer.from(await thumbnail(path, 64));
  const { format, width, height, exif, orientation } = await sharp(bytes).metadata();
  expect({ format, width, height, exif, orientation }).toEqual({
    format: 'jpeg',
    width: 32,
    height: 64,
    exif: undefined,
    orientation: undefined,
  });
});

it('a thumbnail is never enlarged', async () => {
  const { width, height } = await sharp(Buffer.from(await thumbnail(path, 1000))).metadata();
  expect([width, height]).toEqual([200, 400]);
});

it('the preview is exactly what the model sees', async () => {
  const preview = await sharp(Buffer.from(await previewSquare(path, 64)))
    .raw()
    .toBuffer();
  const { square } = await preprocess(await readImageFile(path), 64);
  expect(new Uint8Array(preview)).toEqual(square);
});

it('both can be cancelled', async () => {
  const signal = AbortSignal.abort();
  await expect(thumbnail(path, 64, { signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect(previewSquare(path, 64, { signal })).rejects.toMatchObject({ code: 'CANCELLED' });
});

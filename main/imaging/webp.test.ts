import { expect, it } from 'vitest';
import { gradientFile, inMemory } from '../testing/images.ts';
import { decodeImage, openImage } from './decode.ts';

it('a WebP whose outermost length is wrong is read where every chunk is there, and refused where not', async () => {
  const webp = Buffer.from(await gradientFile('webp', 80, 60));
  const expected = await decodeImage(inMemory(webp, 'webp'));
  const odd = Buffer.from(webp);
  odd.writeUInt32LE(webp.length + 92, 4);
  expect(await decodeImage(inMemory(odd, 'webp'))).toEqual(expected);
  expect((await openImage(inMemory(odd, 'webp'))).notes).toEqual(['HEADER_REPAIRED']);
  for (const length of [odd.length - 2, odd.length >> 1, 20]) {
    await expect(decodeImage(inMemory(odd.subarray(0, length), 'webp'))).rejects.toMatchObject({
      code: 'IMAGE_TRUNCATED',
    });
  }
});

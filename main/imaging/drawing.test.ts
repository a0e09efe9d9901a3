import { describe, expect, it } from 'vitest';
import { drawingToPng } from './drawing.ts';
import { sharp } from './sharp.ts';

const drawing =
  '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20" viewBox="0 0 30 20">' +
  '<rect width="30" height="20" fill="#fff"/><rect width="15" height="20" fill="#f00"/></svg>';

describe('drawingToPng', () => {
  it('renders at twice the size', async () => {
    const { data, info } = await sharp(await drawingToPng(drawing))
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([60, 40]);
    const pixel = (x: number, y: number) => [...data.subarray(3 * (y * 60 + x), 3 * (y * 60 + x) + 3)];
    expect(pixel(10, 20)).toEqual([255, 0, 0]);
    expect(pixel(50, 20)).toEqual([255, 255, 255]);
  });

  it('leaves the loader closed, also after several at once and after one that fails', async () => {
    await Promise.allSettled([drawingToPng(drawing), drawingToPng('no drawing'), drawingToPng(drawing)]);
    await expect(sharp(Buffer.from(drawing)).metadata()).rejects.toThrow();
  });
});

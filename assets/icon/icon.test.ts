import { statSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';

const svg = join(import.meta.dirname, 'icon.svg');
const png = join(import.meta.dirname, 'icon.png');

it('icon.png is icon.svg at 512 pixels, under 60 KB, with transparent corners', async () => {
  expect(statSync(png).size).toBeLessThan(60_000);
  const { data, info } = await sharp(png).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width: 512, height: 512, channels: 4 });
  expect(data[3]).toBe(0);
  const rendered = await sharp(svg).resize(512, 512).ensureAlpha().raw().toBuffer();
  // Not equal to the byte: another version of the SVG renderer may smooth edges differently.
  let sum = 0;
  for (let position = 0; position < data.length; position++)
    sum += Math.abs(data[position]! - rendered[position]!);
  expect(sum / data.length).toBeLessThan(0.5);
});

it('stays legible at 16 pixels: each quarter has its lesion, and the centre its dot', async () => {
  const { data } = await sharp(svg, { density: 72 }).resize(16, 16).flatten().greyscale().raw().toBuffer({
    resolveWithObject: true,
  });
  const grey = (column: number, row: number): number => data[16 * row + column]!;
  const centre = Math.max(grey(7, 7), grey(7, 8), grey(8, 7), grey(8, 8));
  expect(centre).toBeGreaterThan(200);
  for (const [left, top] of [
    [2, 2],
    [9, 2],
    [2, 9],
    [9, 9],
  ] as const) {
    const levels = Array.from({ length: 25 }, (_, index) =>
      grey(left + (index % 5), top + Math.floor(index / 5)),
    );
    expect(Math.max(...levels) - Math.min(...levels)).toBeGreaterThan(60);
  }
});

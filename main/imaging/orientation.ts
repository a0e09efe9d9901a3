// Orientation that only XMP tells, as some editors write it (XMP part 1; Exif 2.32, tag 0x0112). Pure.
import type { RgbImage } from './pixels.ts';

/** 1 to 8, as in EXIF; 1 where the metadata says nothing. */
export function xmpOrientation({ xmp }: { readonly xmp?: Uint8Array | undefined }): number {
  if (!xmp) return 1;
  const text = Buffer.from(xmp).toString('latin1');
  // As an attribute or as an element.
  return Number(/tiff:Orientation\s*(?:=\s*["']|>\s*)([1-8])\s*["'<]/.exec(text)?.[1] ?? 1);
}

/** Where the upright pixel (x, y) lies in a file of w x h pixels, as [column, row]. */
const stored: Readonly<
  Record<number, (x: number, y: number, w: number, h: number) => readonly [number, number]>
> = {
  1: (x, y) => [x, y],
  2: (x, y, w) => [w - 1 - x, y],
  3: (x, y, w, h) => [w - 1 - x, h - 1 - y],
  4: (x, y, _, h) => [x, h - 1 - y],
  5: (x, y) => [y, x],
  6: (x, y, _, h) => [y, h - 1 - x],
  7: (x, y, w, h) => [w - 1 - y, h - 1 - x],
  8: (x, y, w) => [w - 1 - y, x],
};

/** The image upright. */
export function turned(image: RgbImage, orientation: number): RgbImage {
  const place = stored[orientation]!;
  const { data, width: w, height: h } = image;
  const [width, height] = orientation > 4 ? [h, w] : [w, h];
  const upright = new Uint8Array(data.length);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      const [column, row] = place(x, y, w, h);
      const from = (row * w + column) * 3;
      upright[to] = data[from]!;
      upright[to + 1] = data[from + 1]!;
      upright[to + 2] = data[from + 2]!;
    }
  }
  return { data: upright, width, height };
}

// Run-length encoded bitmaps: bytes -> an index per pixel. Source: Microsoft, "Bitmap Compression" (BI_RLE8, BI_RLE4).
// Pure.
import { BitmapError, type BitmapHeader } from './header.ts';

/**
 * Pixels that the stream steps over keep index 0, as the format has it. A stream that ends without its end mark
 * before the last row is complete has lost pixels.
 * @returns [height, width], rows from the top
 * @throws BitmapError
 */
export function decodeRuns(bytes: Uint8Array, header: BitmapHeader): Uint8Array {
  const { width, height } = header;
  const indices = new Uint8Array(width * height);
  const nibbles = header.storage === 'rle4';
  let at = header.offset;
  let x = 0;
  let y = 0;
  // Runs cut at the end of a row cost time and give nothing: a hostile file could hold gigabytes of them.
  let budget = 4 * (width * height + 65_536);

  const next = (): number => {
    const byte = bytes[at++];
    if (byte === undefined) throw new BitmapError(`its pixels end in row ${y + 1} of ${height}`);
    return byte;
  };
  const put = (index: number): void => {
    // Runs that reach beyond a row are cut there, as every reader does.
    if (x < width && y < height) indices[(height - 1 - y) * width + x] = index;
    x++;
  };
  const half = (byte: number, place: number): number => (place % 2 === 0 ? byte >> 4 : byte & 15);

  for (;;) {
    // Complete, though the end mark is missing.
    if (at >= bytes.length && (y >= height || (y === height - 1 && x >= width))) return indices;
    const count = next();
    const value = next();
    budget -= count === 0 && value > 2 ? value : count;
    if (budget < 0) throw new BitmapError('its rows are longer than it claims');
    if (count > 0) {
      for (let place = 0; place < count; place++) put(nibbles ? half(value, place) : value);
    } else if (value === 0) {
      x = 0;
      y++;
    } else if (value === 1) {
      return indices;
    } else if (value === 2) {
      x += next();
      y += next();
    } else {
      const stored = nibbles ? Math.ceil(value / 2) : value;
      let byte = 0;
      for (let place = 0; place < value; place++) {
        if (!nibbles || place % 2 === 0) byte = next();
        put(nibbles ? half(byte, place) : byte);
      }
      // Runs are padded to an even number of bytes.
      if (stored % 2 === 1) at++;
    }
    if (y > height) throw new BitmapError(`its pixels reach beyond its ${height} rows`);
  }
}

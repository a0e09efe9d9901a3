// Images for tests, made by code, in memory and on disk. Test use only.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import type { ImageFile } from '../imaging/file.ts';
import type { ImageFormat } from '../contract/image-kinds.ts';
import { sharp } from '../imaging/sharp.ts';

/** A folder of its own for one test file, and how to remove it. */
export function temporaryFolder(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'dermorbit-imaging-'));
  return {
    folder,
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Bytes that were never on disk, as if they had been read. */
export function inMemory(bytes: Uint8Array, format: ImageFormat): ImageFile {
  return { path: `made.${format}`, bytes, sha256: '', format, notes: [] };
}

/**
 * Smooth RGB pixels without any symmetry: no wrong turn or swapped channel can hide in them.
 * @returns [height, width, 3]
 */
export function gradient(width: number, height: number): Uint8Array {
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const level = [(255 * x) / width, (255 * y) / height, (127 * (x + y * 0.3)) / (width + height)];
      pixels.set(level.map(Math.round), (y * width + x) * 3);
    }
  }
  return pixels;
}

/** `gradient` as a file of some format. */
export async function gradientFile(
  format: Exclude<ImageFormat, 'bmp'>,
  width: number,
  height: number,
): Promise<Uint8Array> {
  const image = sharp(gradient(width, height), { raw: { width, height, channels: 3 } });
  return image.toFormat(format, format === 'tiff' ? { compression: 'none' } : {}).toBuffer();
}

/**
 * A PNG file put together by hand, so that header and data can disagree (PNG 1.2, section 3).
 * @param samples uncompressed rows, each with its filter byte; colour type 0 is greyscale, 2 is RGB
 */
export function handmadePng(
  header: { width: number; height: number; bitDepth: number; colourType: number },
  samples: Uint8Array,
): Uint8Array {
  const ihdr = Buffer.alloc(13);
  ihdr.writeUInt32BE(header.width, 0);
  ihdr.writeUInt32BE(header.height, 4);
  ihdr[8] = header.bitDepth;
  ihdr[9] = header.colourType;
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const framed = Buffer.alloc(body.length + 8);
    framed.writeUInt32BE(data.length, 0);
    framed.set(body, 4);
    framed.writeUInt32BE(crc32(body), body.length + 4);
    return framed;
  };
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  const idat = chunk('IDAT', deflateSync(samples));
  return Buffer.concat([signature, chunk('IHDR', ihdr), idat, chunk('IEND', new Uint8Array(0))]);
}

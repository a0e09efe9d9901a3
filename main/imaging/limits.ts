// What every kind of image is held to: a number of pixels, and that decoding it says nothing of damage.
import { DermOrbitError } from '../contract/errors.ts';

/** Images with more pixels are refused by their header, before anything is decoded. */
export const maximumPixels = 50_000_000;

/** @throws DermOrbitError IMAGE_TOO_LARGE */
export function refuseTooLarge(name: string, width: number, height: number): void {
  if (width * height <= maximumPixels) return;
  // Rounded up: 50.0004 must not read as the limit of 50.
  const megapixels = Math.ceil((width * height) / 1e4) / 100;
  throw new DermOrbitError(
    'IMAGE_TOO_LARGE',
    `${name} has ${width} x ${height} pixels (${megapixels} megapixels).`,
  );
}

/** Awaits a decoder's work on a file; what it reports becomes an error of ours. */
export async function decoding<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof DermOrbitError) throw thrown;
    const reason = thrown instanceof Error ? reasonOf(thrown.message) : String(thrown);
    const code = /: [a-z ]+ not supported$/.test(reason) ? 'IMAGE_UNSUPPORTED' : 'IMAGE_TRUNCATED';
    throw new DermOrbitError(code, `${name} could not be decoded: ${reason}.`, {
      cause: thrown,
    });
  }
}

/** The first line that speaks of the image, and not of a setting of libvips. */
function reasonOf(message: string): string {
  const lines = message.split('\n').map((line) => line.trim());
  const telling = lines.find((line) => line !== '' && !line.includes('failOn'));
  return telling ?? 'its data is damaged';
}

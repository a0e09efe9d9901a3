// Drawings that DermOrbit made itself, as pictures. The loader for SVG is closed to every file that comes from outside
// (sharp.ts); here it is open while one drawing of ours is rendered.
import { sharp } from './sharp.ts';

const svgLoader = { operation: ['VipsForeignLoadSvgBuffer'] };

/** Pixels for each unit of the drawing: sharp on dense screens and in print. */
const scale = 2;

let last: Promise<unknown> = Promise.resolve();

/**
 * A PNG of a drawing, at twice its own size.
 * @param svg of our own making; it names no other file
 */
export function drawingToPng(svg: string): Promise<Uint8Array> {
  // One after the other: the first that ends would close the loader for the others.
  const png = last.then(() => render(svg));
  last = png.catch(() => undefined);
  return png;
}

async function render(svg: string): Promise<Uint8Array> {
  sharp.unblock(svgLoader);
  try {
    // SVG counts 72 units to the inch.
    return await sharp(Buffer.from(svg), { density: 72 * scale })
      .png()
      .toBuffer();
  } finally {
    sharp.block(svgLoader);
  }
}

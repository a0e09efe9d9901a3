// Renders icon.svg: `node assets/icon/generate.ts`. electron-builder makes .ico and .icns from one PNG;
// icon.png (512) is committed, icon-1024.png is for a packager who wants sharper Retina icons.
import { join } from 'node:path';
import sharp from 'sharp';

const folder = import.meta.dirname;
const sizes = { 'icon.png': 512, 'icon-1024.png': 1024 };

for (const [file, size] of Object.entries(sizes)) {
  // The SVG is 512 units wide, and 72 dots per inch are one pixel per unit: rasterise at the size that is wanted.
  const { size: bytes } = await sharp(join(folder, 'icon.svg'), { density: (72 * size) / 512 })
    .resize(size, size)
    .png({ compressionLevel: 9 })
    .toFile(join(folder, file));
  console.log(`${file}  ${(bytes / 1024).toFixed(0)} KB`);
}

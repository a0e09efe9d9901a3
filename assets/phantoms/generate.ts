// Writes the phantoms as JPEG files beside this script, with phantoms.json that describes them.
// The one file of this folder that touches the disk: `npm run phantoms`.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { drawPhantom } from './draw.ts';
import { phantoms } from './phantoms.ts';

const QUALITY = 88;
const folder = import.meta.dirname;
const records = [];

for (const { name, seed, description, recipe } of phantoms) {
  const { width, height, data } = drawPhantom({ seed, recipe });
  const file = `${name}.jpg`;
  // The words travel inside the picture, so that it stays recognisable when the file is renamed.
  const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
    .withExif({
      IFD0: {
        ImageDescription: `SYNTHETIC PHANTOM, NO PATIENT: ${description}`,
        Software: 'DermOrbit phantom generator, assets/phantoms/generate.ts',
        Copyright: 'DermOrbit contributors, Apache-2.0',
      },
    })
    .jpeg({ quality: QUALITY, mozjpeg: false })
    .toBuffer();
  await writeFile(join(folder, file), jpeg);
  const sha256 = createHash('sha256').update(data).digest('hex');
  records.push({ name, file, seed, description, width, height, sha256 });
  console.log(`${file}  ${(jpeg.length / 1024).toFixed(0)} KB  ${sha256.slice(0, 12)}`);
}

const index = {
  about: 'Synthetic dermoscopic images, drawn by a program: no patient. sha256 is of the raw RGB pixels.',
  phantoms: records,
};
await writeFile(join(folder, 'phantoms.json'), `${JSON.stringify(index, null, 2)}\n`);

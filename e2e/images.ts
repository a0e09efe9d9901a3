// Image files for the tests: the repository's phantoms, many copies of them, and files that are broken in known ways.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { drawPhantom } from '../assets/phantoms/draw.ts';
import { phantoms as recipes } from '../assets/phantoms/phantoms.ts';
import { root } from './surfaces.ts';

const phantomFolder = join(root, 'assets', 'phantoms');

/** Paths of the example phantoms, in order. */
export function phantoms(): string[] {
  const names = readdirSync(phantomFolder).filter((name) => /^phantom-.*\.(?:jpg|png)$/.test(name));
  return names.sort().map((name) => join(phantomFolder, name));
}

/** `count` copies of the phantoms in a folder of their own; returns their paths. */
export function manyImages(folder: string, count: number): string[] {
  mkdirSync(folder, { recursive: true });
  const sources = phantoms();
  return Array.from({ length: count }, (_, index) => {
    const path = join(folder, `image-${String(index + 1).padStart(4, '0')}.jpg`);
    copyFileSync(sources[index % sources.length] ?? '', path);
    return path;
  });
}

/** Files that must each fail with the title given here, and nothing else. */
export function brokenImages(folder: string): { readonly path: string; readonly title: string }[] {
  const [first = ''] = phantoms();
  const whole = readFileSync(first);
  const rows: [string, Uint8Array, string][] = [
    ['truncated.jpg', whole.subarray(0, Math.floor(whole.length / 2)), 'Damaged image'],
    ['empty.jpg', new Uint8Array(), 'Empty file'],
    ['text.jpg', Buffer.from('This is not an image.'), 'Not an image'],
    ['animated.jpg', Buffer.concat([Buffer.from('GIF89a'), new Uint8Array(64)]), 'GIF image'],
  ];
  return rows.map(([name, bytes, title]) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return { path, title };
  });
}

/** Classes of {@link labelledPhantoms}, in the order in which phantoms are given to them. */
export const labelledClasses = ['MEL', 'NV', 'BCC', 'BKL'] as const;

/**
 * A labelled set: a folder for each of four classes with `perClass` phantoms, each different, and one image that
 * belongs to none. Which phantom is in which class says nothing.
 */
export async function labelledPhantoms(folder: string, perClass: number): Promise<string> {
  for (const [kind, code] of labelledClasses.entries()) {
    mkdirSync(join(folder, code), { recursive: true });
    for (let number = 0; number < perClass; number++) {
      const recipe = recipes[kind]?.recipe;
      if (recipe === undefined) throw new Error('There are fewer phantoms than classes');
      const drawn = drawPhantom({ seed: 1000 * kind + number, recipe, width: 160, height: 120 });
      const raw = { width: drawn.width, height: drawn.height, channels: 3 } as const;
      await sharp(drawn.data, { raw })
        .png()
        .toFile(join(folder, code, `${code}-${number + 1}.png`));
    }
  }
  copyFileSync(join(folder, 'MEL', 'MEL-1.png'), join(folder, 'without-class.png'));
  return folder;
}

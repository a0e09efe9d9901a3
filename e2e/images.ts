// Image files for the tests: the repository's phantoms, many copies of them, and files that are broken in known ways.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
    ['disguised.png', whole, 'File name and content disagree'],
  ];
  return rows.map(([name, bytes, title]) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return { path, title };
  });
}

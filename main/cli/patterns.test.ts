import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/images.ts';
import { expandPatterns, expandToOne } from './patterns.ts';

const { folder, remove } = temporaryFolder();
afterAll(remove);
const at = (...names: string[]): string[] => names.map((name) => join(folder, name));

for (const name of [
  'photos/10.jpg',
  'photos/2.jpg',
  'photos/x.png',
  'photos/.hidden.jpg',
  'visits/a/1.jpg',
  'visits/b/1.jpg',
]) {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), '');
}

it('expands stars, braces and folders of any depth, in natural order, without hidden files', async () => {
  expect(await expandPatterns(at('photos/*.jpg'))).toEqual(at('photos/2.jpg', 'photos/10.jpg'));
  expect(await expandPatterns(at('photos/?.{jpg,png}'))).toEqual(at('photos/2.jpg', 'photos/x.png'));
  expect(await expandPatterns(at('visits/**/*.jpg'))).toEqual(at('visits/a/1.jpg', 'visits/b/1.jpg'));
  expect(await expandPatterns(at('photos/.h*'))).toEqual(at('photos/.hidden.jpg'));
});

it('keeps names, their order, and patterns that match nothing', async () => {
  const names = at('photos/x.png', 'nothing/*.jpg', 'gone.jpg');
  expect(await expandPatterns(names)).toEqual(names);
});

// Windows allows no star in a name, but brackets.
it('a file that is really called so wins', async () => {
  const [literal] = at('photos/[12].jpg');
  expect(await expandPatterns([literal!])).toEqual(at('photos/2.jpg'));
  writeFileSync(literal!, '');
  expect(await expandPatterns([literal!])).toEqual([literal]);
});

it('an option of one path takes a pattern that matches one', async () => {
  expect(await expandToOne('--labels', join(folder, 'photos/x.*'))).toBe(join(folder, 'photos/x.png'));
  await expect(expandToOne('--labels', join(folder, 'photos/*.jpg'))).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringMatching(/one path.*matches [23]/) as string,
  });
});

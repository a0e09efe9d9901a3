import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { listImages } from './list.ts';
import { temporaryFolder } from '../testing/images.ts';

const { folder, remove } = temporaryFolder();
afterAll(remove);

/** A folder with these files (their content does not matter for listing). */
function folderWith(name: string, ...files: string[]): string {
  for (const file of files) {
    mkdirSync(join(folder, name, file, '..'), { recursive: true });
    writeFileSync(join(folder, name, file), 'x');
  }
  mkdirSync(join(folder, name), { recursive: true });
  return join(folder, name);
}
const inside = (root: string, ...files: string[]): string[] => files.map((file) => join(root, file));

it('walks folders in natural order, without what is hidden or no image', async () => {
  const root = folderWith(
    'natural',
    ...['img10.jpg', 'img2.JPG', 'img1.jpeg', 'a.webp', 'b.tif', 'c.TIFF', 'd.png', 'labels.csv', 'README'],
    ...['.hidden.jpg', '._img1.jpg', '__MACOSX/img1.jpg', '.cache/x.png', 'case 2/1.png', 'case 10/1.png'],
  );
  const { files, notes } = await listImages([root]);
  expect(files).toEqual(
    inside(
      root,
      ...['a.webp', 'b.tif', 'c.TIFF', 'case 2/1.png', 'case 10/1.png', 'd.png'],
      ...['img1.jpeg', 'img2.JPG', 'img10.jpg'],
    ),
  );
  expect(notes).toEqual([]);
});

it('keeps named files in their place, whatever their extension, even if they do not exist', async () => {
  const root = folderWith('named', 'photo.bin', 'one/1.png', 'one/2.png');
  const gone = join(root, 'gone.jpg');
  const paths = [join(root, 'photo.bin'), gone, join(root, 'one', '2.png'), join(root, 'one')];
  const { files } = await listImages(paths);
  expect(files).toEqual([join(root, 'photo.bin'), gone, ...inside(root, 'one/2.png', 'one/1.png')]);
});

it('a folder without images: NO_IMAGES; beside others: a note', async () => {
  const empty = folderWith('empty', 'notes.txt');
  const full = folderWith('full', '1.png');
  await expect(listImages([empty])).rejects.toMatchObject({
    code: 'NO_IMAGES',
    message: expect.stringContaining(empty) as string,
  });
  await expect(listImages([])).rejects.toMatchObject({ code: 'NO_IMAGES' });
  const { files, notes } = await listImages([empty, full]);
  expect(files).toEqual(inside(full, '1.png'));
  expect(notes.map((note) => note.path)).toEqual([empty]);
});

it.skipIf(process.platform === 'win32')(
  'follows links neither in circles nor out of the folder',
  async () => {
    const outside = folderWith('outside', 'secret.png');
    const root = folderWith('links', '1.png', 'sub/2.png');
    symlinkSync(root, join(root, 'circle'));
    symlinkSync(join(root, 'sub'), join(root, 'again'));
    symlinkSync(outside, join(root, 'elsewhere'));
    symlinkSync(join(outside, 'secret.png'), join(root, '3.png'));
    symlinkSync(join(root, 'nothing.png'), join(root, '4.png'));
    symlinkSync(join(root, '1.png'), join(root, '5.png'));
    const { files, notes } = await listImages([root]);
    expect(files).toEqual(inside(root, '1.png', '5.png', 'sub/2.png'));
    const reasons = [
      ['3.png', 'is a link that leads out of the folder'],
      ['4.png', 'is a link to nothing'],
      ['again', 'is a link to a folder'],
      ['circle', 'is a link to a folder'],
      ['elsewhere', 'is a link that leads out of the folder'],
    ] as const;
    expect(notes).toEqual(reasons.map(([name, message]) => ({ path: join(root, name), message })));
    // A link that the person names is what they mean.
    expect((await listImages([join(root, 'elsewhere')])).files).toEqual([
      join(root, 'elsewhere', 'secret.png'),
    ]);
  },
);

it.skipIf(process.platform === 'win32')('tells of a pipe under an image name', async () => {
  const root = folderWith('pipes', '1.png');
  execFileSync('mkfifo', [join(root, '2.png'), join(root, 'control')]);
  const { files, notes } = await listImages([root]);
  expect(files).toEqual(inside(root, '1.png'));
  expect(notes).toEqual([{ path: join(root, '2.png'), message: 'is a device, pipe or socket' }]);
});

it('stops when it is cancelled', async () => {
  const root = folderWith('cancelled', '1.png');
  await expect(listImages([root], { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'CANCELLED',
  });
});

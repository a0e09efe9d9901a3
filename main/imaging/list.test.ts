import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { listImages } from './list.ts';
import { groupSkipped } from '../contract/skipped.ts';
import { gradientFile, temporaryFolder } from '../testing/images.ts';

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

it('names all that it leaves out: by content as well as by name', async () => {
  const root = folderWith('left-out', '1.png');
  const contents: Record<string, string | Uint8Array> = {
    'IMG_1.HEIC': '\0\0\0\x18ftypheic\0\0\0\0mif1heic',
    'named-otherwise.bin': '\0\0\0\x18ftypmif1\0\0\0\0mif1heic',
    'visit.dcm': Buffer.concat([new Uint8Array(128), Buffer.from('DICM')]),
    'no-preamble.dcm': Uint8Array.of(8, 0, 5, 0, 67, 83, 10, 0, 200, 201),
    'DICOM-without-extension': Buffer.concat([new Uint8Array(128), Buffer.from('DICM')]),
    'a.gif': 'GIF89a\x01\0\x01\0',
    'b.jp2': Buffer.from('\0\0\0\x0cjP  \r\n', 'latin1'),
    'c.CR3': '\0\0\0\x18ftypcrx \0\0\0\0',
    'd.avif': '\0\0\0\x18ftypavif\0\0\0\0',
    'clip.mp4': '\0\0\0\x18ftypisom\0\0\0\0',
    pointer: 'version https://git-lfs.github.com/spec/v1\noid sha256:1\n',
    'empty.dat': '',
    'labels.csv': 'image,label\n1,MEL\n',
    'archive.zip': 'PK\x03\x04\x14\0\0\0',
    '.hidden.jpg': 'x',
    '._1.png': 'x',
    'picture-without-extension': await gradientFile('jpeg', 8, 8),
  };
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(root, name), content);
  const { files, skipped } = await listImages([root]);
  expect(files).toEqual(inside(root, '1.png', 'picture-without-extension'));
  expect(Object.fromEntries(skipped.map(({ file, code }) => [basename(file), code]))).toEqual({
    'IMG_1.HEIC': 'IMAGE_HEIC',
    'named-otherwise.bin': 'IMAGE_HEIC',
    'visit.dcm': 'IMAGE_DICOM',
    'no-preamble.dcm': 'IMAGE_DICOM',
    'DICOM-without-extension': 'IMAGE_DICOM',
    'a.gif': 'IMAGE_GIF',
    'b.jp2': 'IMAGE_JPEG_2000',
    'c.CR3': 'IMAGE_RAW',
    'd.avif': 'IMAGE_AVIF',
    'clip.mp4': 'IMAGE_VIDEO',
    pointer: 'IMAGE_LFS_POINTER',
    'empty.dat': 'IMAGE_EMPTY',
    'labels.csv': 'TEXT_FILE',
    'archive.zip': 'IMAGE_UNRECOGNISED',
    '.hidden.jpg': 'IMAGE_HIDDEN',
  });
  expect(groupSkipped(skipped).map(({ text }) => text)).toContain('2 HEIC images');
});

it('a folder of unread pictures only: NO_IMAGES names them, and the way out', async () => {
  const root = folderWith('phone', 'notes.txt');
  for (const name of ['1.heic', '2.heic']) writeFileSync(join(root, name), '\0\0\0\x18ftypheic\0\0\0\0');
  await expect(listImages([root])).rejects.toMatchObject({
    code: 'NO_IMAGES',
    message: expect.stringMatching(/2 HEIC images \(1\.heic, 2\.heic\).*Most Compatible/s) as string,
  });
});

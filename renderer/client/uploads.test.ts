import { expect, it } from 'vitest';
import { labelledFiles } from './uploads.ts';

it('uploads images and tables of a folder under their paths in it, nothing hidden', () => {
  const paths = ['set/MEL/a.JPG', 'set/labels.csv', 'set/.git/b.png', 'set/MEL/.c.jpg', 'set/notes.txt'];
  const files = paths.map((webkitRelativePath) => ({
    name: webkitRelativePath.split('/').at(-1) ?? '',
    webkitRelativePath,
  }));
  const wanted = labelledFiles(files);
  expect(wanted.folder).toBe('set');
  expect(wanted.files.map(({ path }) => path)).toEqual(['MEL/a.JPG', 'labels.csv']);
});

// A folder per class: the name of the folder directly below the chosen one is the class of every image in it. Folders
// that are called train, test and the like are parts of a set, each with classes of its own, and no classes.
import { basename, join } from 'node:path';
import { DermOrbitError } from '../../contract/errors.ts';
import { listed } from '../csv.ts';
import { entriesOf, indexImages } from './images.ts';
import { assemble, orderClasses } from './assemble.ts';
import type { DatasetFormat } from './labelled-set.ts';
import { lesionFinder } from './lesions.ts';
import { ProblemList } from './problems.ts';

/** train, Training, val, validation_set, test-images, dev, fold 3, ... */
const partName =
  /^(train(ing)?|test(ing)?|val(id(ation)?)?|dev(elopment)?|eval(uation)?|hold_?out|fold)(_?(set|data|images?|split|part))?_?\d*$/;

export const classFolders: DatasetFormat = {
  id: 'class-folders',
  title: 'A folder per class',

  async match({ images, labels }) {
    if (labels !== null) return false;
    const folders = await foldersOf(images).catch(() => []);
    return folders.length >= 2 || (await partsOf(images, folders)).length > 0;
  },

  async open({ images, lesions }, signal) {
    const folders = await foldersOf(images);
    const parts = await partsOf(images, folders);
    if (parts.length > 0) {
      const choices = parts.map((part) => join(basename(images), part));
      const message = `${images} holds ${listed(parts, 8)}: parts of a data set, and no classes. Choose ${listed(choices, 8)}.`;
      throw new DermOrbitError('DATASET_PARTS', message);
    }
    const problems = new ProblemList();
    const lesionOf = await lesionFinder(lesions, problems);
    const { classes, indexOf } = orderClasses(folders, problems);
    const index = await indexImages(images, signal);
    const labels = [...index.byPath.keys()]
      .filter((path) => path.includes('/'))
      .map((id) => ({ id, label: indexOf.get(id.slice(0, id.indexOf('/')))!, lesion: lesionOf(id) }));
    return assemble({
      format: this.id,
      classes,
      labels,
      images: index,
      idsArePaths: true,
      problems,
    });
  },
};

async function foldersOf(folder: string): Promise<string[]> {
  const entries = await entriesOf(folder);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name);
}

/** The folders that are parts: called so, and either with folders in them or with nothing but parts beside them. */
async function partsOf(images: string, folders: readonly string[]): Promise<string[]> {
  const called = folders.filter((name) =>
    partName.test(
      name
        .trim()
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '_'),
    ),
  );
  if (called.length === 0 || (called.length === folders.length && called.length > 1)) return called;
  const inside = await Promise.all(called.map((name) => foldersOf(join(images, name)).catch(() => [])));
  return called.filter((_, index) => inside[index]!.length > 0);
}

// A folder per class: the name of the folder directly below the chosen one is the class of every image in it.
import { entriesOf, indexImages } from './images.ts';
import { assemble, orderClasses } from './assemble.ts';
import type { DatasetFormat } from './labelled-set.ts';
import { lesionFinder } from './lesions.ts';
import { ProblemList } from './problems.ts';

export const classFolders: DatasetFormat = {
  id: 'class-folders',
  title: 'A folder per class',

  async match({ images, labels }) {
    if (labels !== null) return false;
    const entries = await entriesOf(images).catch(() => []);
    return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).length >= 2;
  },

  async open({ images, lesions }, signal) {
    const problems = new ProblemList();
    const lesionOf = await lesionFinder(lesions, problems);
    const entries = await entriesOf(images);
    const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
    const { classes, indexOf } = orderClasses(folders.map((entry) => entry.name));
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

// Labels and images brought together: what every format of image files shares.
import { DermOrbitError } from '../../contract/errors.ts';
import { classNames, isicClasses } from '../../contract/settings.ts';
import { stemOf, type ImageIndex } from './images.ts';
import type { LabelledItem, LabelledSet } from './labelled-set.ts';
import type { ProblemList } from './problems.ts';

/** One image and its class, before it is known whether its file is there. */
interface Label {
  readonly id: string;
  /** Index into the classes. */
  readonly label: number;
  readonly lesion: string | null;
}

interface Parts {
  readonly format: string;
  readonly classes: readonly string[];
  /** Without two labels of one id. */
  readonly labels: readonly Label[];
  readonly images: ImageIndex;
  /** Whether ids are paths inside the folder; otherwise they are file names without extension. */
  readonly idsArePaths: boolean;
  readonly problems: ProblemList;
}

/**
 * Joins labels with images, in the order of the labels, and lists what has no counterpart.
 * @throws DermOrbitError DATASET_EMPTY if nothing fits together
 */
export function assemble(parts: Parts): LabelledSet {
  const { problems } = parts;
  const items: LabelledItem[] = [];
  const used = new Set<string>();
  for (const { id, label, lesion } of parts.labels) {
    const paths = parts.idsArePaths ? [id] : (parts.images.byStem.get(id) ?? []);
    const path = parts.images.byPath.get(paths[0] ?? '');
    if (path === undefined) {
      problems.add('LABEL_WITHOUT_IMAGE', id);
      continue;
    }
    if (paths.length > 1) problems.add('IMAGE_AMBIGUOUS', id);
    for (const one of paths) used.add(one);
    items.push({ id, image: { kind: 'file', path }, label, lesion });
  }
  for (const path of parts.images.byPath.keys()) {
    if (!used.has(path)) problems.add('IMAGE_WITHOUT_LABEL', parts.idsArePaths ? path : stemOf(path));
  }
  problems.add('IMAGE_LINK', ...parts.images.links);
  return complete({ ...parts, items });
}

/**
 * Adds the problems that only the whole set shows: classes without images, images without lesions.
 * @throws DermOrbitError DATASET_EMPTY
 */
export function complete(parts: {
  readonly format: string;
  readonly classes: readonly string[];
  readonly names?: readonly string[];
  readonly items: readonly LabelledItem[];
  readonly problems: ProblemList;
}): LabelledSet {
  const { format, classes, items, problems } = parts;
  if (items.length === 0) {
    const found = problems.toProblems().map((problem) => problem.message);
    throw new DermOrbitError('DATASET_EMPTY', ['No image has both a file and a label.', ...found].join(' '));
  }
  const present = new Set(items.map((item) => item.label));
  problems.add('CLASS_EMPTY', ...classes.filter((_, index) => !present.has(index)));
  problems.add('LESIONS_UNKNOWN', ...items.filter((item) => item.lesion === null).map((item) => item.id));
  const names = parts.names ?? classes.map((code) => classNames[code] ?? code.replaceAll('_', ' '));
  return { format, classes, names, items, problems: problems.toProblems() };
}

/** Class names as found -> class list and the index of each name. */
interface ClassTable {
  readonly classes: readonly string[];
  readonly indexOf: ReadonlyMap<string, number>;
}

/**
 * Orders class names: the seven ISIC classes in their own order if no other name occurs (`mel`, `MEL` and
 * `Mel` are one class then), otherwise the names themselves, by code units.
 */
export function orderClasses(found: Iterable<string>): ClassTable {
  const names = [...new Set(found)].sort();
  const isic: readonly string[] = isicClasses;
  if (names.every((name) => isic.includes(name.toUpperCase()))) {
    return { classes: isic, indexOf: new Map(names.map((name) => [name, isic.indexOf(name.toUpperCase())])) };
  }
  return { classes: names, indexOf: new Map(names.map((name, index) => [name, index])) };
}

// Labels and images brought together: what every format of image files shares.
import { diagnosisOf } from '../../contract/diagnoses.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import { classNames, isicClasses } from '../../contract/settings.ts';
import { listed } from '../csv.ts';
import { stemOf, type ImageIndex } from './images.ts';
import type { LabelledItem, LabelledSet } from './labelled-set.ts';
import { Locator } from './locate.ts';
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
  const { problems, images, idsArePaths } = parts;
  const locator = new Locator(images);
  // A file that a label names as it is called belongs to that label: names that only resemble it come after.
  const exact = parts.labels.map(({ id }) => locator.exact(id, idsArePaths));
  const named = new Set(exact.map((own) => (own.kind === 'found' ? own.path : '')));
  const owners = new Map<string, Label>();
  const conflicts = new Set<string>();
  const used = new Set<string>();
  const paths = parts.labels.map((label, index): string | null => {
    const own = exact[index]!;
    const located = own.kind === 'found' ? own : locator.near(label.id);
    if (located.kind !== 'found' || (located.elsewhere && named.has(located.path))) {
      const files = located.kind === 'several' ? ` (several files: ${listed(located.paths)})` : '';
      problems.add('LABEL_WITHOUT_IMAGE', `${label.id}${files}`);
      return null;
    }
    if (located.others.length > 0) problems.add('IMAGE_AMBIGUOUS', label.id);
    for (const path of [located.path, ...located.others]) used.add(path);
    return located.path;
  });
  // Two names of one file: alike they count once, otherwise not at all. The file's own name goes first.
  const order = parts.labels
    .map((_, index) => index)
    .sort((a, b) => rank(exact[a]!) - rank(exact[b]!) || a - b);
  const kept = new Set<number>();
  for (const index of order) {
    const [label, path] = [parts.labels[index]!, paths[index] ?? null];
    if (path === null) continue;
    const owner = owners.get(path);
    if (owner === undefined) {
      owners.set(path, label);
      kept.add(index);
    } else if (owner.label === label.label) problems.add('IMAGE_DUPLICATE', label.id);
    else conflicts.add(path);
  }
  problems.add('LABEL_CONFLICT', ...conflicts);
  const items = parts.labels.flatMap(({ id, label, lesion }, index): LabelledItem[] => {
    const path = kept.has(index) ? paths[index]! : null;
    if (path === null || conflicts.has(path)) return [];
    return [{ id, image: { kind: 'file', path: images.byPath.get(path)! }, label, lesion }];
  });
  for (const path of images.byPath.keys()) {
    if (!used.has(path)) problems.add('IMAGE_WITHOUT_LABEL', idsArePaths ? path : stemOf(path));
  }
  problems.add('IMAGE_LINK', ...images.links);
  problems.addSkipped(images.skipped);
  return complete({ ...parts, items });
}

/** Labels that call their file as it is called come first. */
const rank = ({ kind }: { readonly kind: string }) => (kind === 'found' ? 0 : 1);

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
 * Orders class names: the seven ISIC classes in their own order if each name stands for one of them (`mel`, `MEL` and
 * `Melanoma` are one class then), otherwise the names themselves, by code units. Names that tell kinds of one class
 * apart (nevus and blue nevus) are classes of their own, which a model of the seven takes together later.
 */
export function orderClasses(found: Iterable<string>, problems: ProblemList): ClassTable {
  const names = [...new Set(found)].sort();
  const diagnoses = names.map(diagnosisOf);
  const kinds = new Set(diagnoses.map((diagnosis) => `${diagnosis?.code} ${diagnosis?.kind}`));
  const codes = new Set(diagnoses.map((diagnosis) => diagnosis?.code));
  if (diagnoses.every((diagnosis) => diagnosis !== null) && kinds.size === codes.size) {
    problems.add('CLASS_SYNONYM', ...names.flatMap((name, index) => synonym(name, diagnoses[index]!.code)));
    const indexOf = new Map(names.map((name, index) => [name, isicClasses.indexOf(diagnoses[index]!.code)]));
    return { classes: isicClasses, indexOf };
  }
  // Spellings of one kind are one class, under the first of its names.
  const first = new Map<string, string>();
  const classOf = names.map((name, index) => {
    const diagnosis = diagnoses[index];
    const key = diagnosis ? `${diagnosis.code} ${diagnosis.kind}` : `name ${name}`;
    if (!first.has(key)) first.set(key, name);
    return first.get(key)!;
  });
  const classes = [...first.values()];
  problems.add('CLASS_SYNONYM', ...names.flatMap((name, index) => synonym(name, classOf[index]!)));
  return { classes, indexOf: new Map(names.map((name, index) => [name, classes.indexOf(classOf[index]!)])) };
}

/** How it is told that a name is read as a class that is called otherwise. */
export function synonym(name: string, code: string): string[] {
  return name.toUpperCase() === code.toUpperCase() ? [] : [`${name} as ${code}`];
}

// Every format of labelled sets, and the way to open one without knowing its format. A format is one file with
// `match` and `open`; a new one is a new file and a line here. The first that matches opens the set.
import { DermOrbitError } from '../../contract/errors.ts';
import { classNames } from '../../contract/settings.ts';
import { diagnosisOf } from '../../contract/diagnoses.ts';
import { listed, readTable } from '../csv.ts';
import { synonym } from './assemble.ts';
import { cifar100 } from './cifar100.ts';
import { classColumns } from './class-columns.ts';
import { classFolders } from './class-folders.ts';
import { describeColumns } from './columns.ts';
import { entriesOf } from './images.ts';
import { isic2018 } from './isic2018.ts';
import type { DatasetSource } from '../../contract/dataset.ts';
import type { DatasetFormat, LabelledSet } from './labelled-set.ts';
import { metadataFormats } from './metadata.ts';
import { pathLabel } from './path-label.ts';
import { ProblemList } from './problems.ts';

/** In the order they are tried: the strictest first. */
export const datasetFormats: readonly DatasetFormat[] = [
  isic2018,
  classColumns,
  ...metadataFormats,
  cifar100,
  pathLabel,
  classFolders,
];

/**
 * Opens a labelled set in whatever format it is.
 * @throws DermOrbitError DATASET_NOT_FOUND, CSV_* if there is nothing to recognise, DATASET_UNRECOGNISED if no format
 *   matches, and what the format throws
 */
export async function openDataset(source: DatasetSource, signal?: AbortSignal): Promise<LabelledSet> {
  for (const format of datasetFormats) {
    if (await format.match(source)) return format.open(source, signal);
  }
  // What is not there, or no table at all, is of no format either; but that is not what is wrong with it.
  await entriesOf(source.images);
  if (source.labels !== null) {
    throw new DermOrbitError('DATASET_UNRECOGNISED', describeColumns(await readTable(source.labels)));
  }
  const formats = datasetFormats.map((format) => format.title).join('; ');
  throw new DermOrbitError('DATASET_UNRECOGNISED', `${source.images} is none of: ${formats}.`);
}

/**
 * The same set with the classes of a model: labels point into `modelClasses`. Codes and plain names are
 * compared without regard to case, then by the diagnosis they stand for. Items of classes that the model does not know are left out and listed.
 * @throws DermOrbitError DATASET_EMPTY if the model knows none of the classes
 */
export function alignClasses(set: LabelledSet, modelClasses: readonly string[]): LabelledSet {
  const indexOf = new Map(modelClasses.map((code, index) => [code.toLowerCase(), index]));
  const problems = new ProblemList();
  const target = set.classes.map((code, index) => {
    const same = indexOf.get(code.toLowerCase()) ?? indexOf.get(set.names[index]!.toLowerCase());
    if (same !== undefined) return same;
    const meant = sameDiagnosis(code, modelClasses);
    if (meant !== undefined) problems.add('CLASS_SYNONYM', ...synonym(code, modelClasses[meant]!));
    return meant;
  });
  const items = set.items.flatMap((item) => {
    const label = target[item.label];
    if (label !== undefined) return [{ ...item, label }];
    problems.add('CLASS_UNKNOWN', `${item.id}: ${set.classes[item.label]!}`);
    return [];
  });
  if (items.length === 0) {
    const message = `The model knows none of the classes ${listed(set.classes)}.`;
    throw new DermOrbitError('DATASET_EMPTY', message);
  }
  const present = new Set(items.map((item) => item.label));
  problems.add('CLASS_EMPTY', ...modelClasses.filter((_, index) => !present.has(index)));
  const known = new Map(set.classes.map((_, index) => [target[index], set.names[index]!]));
  return {
    ...set,
    classes: modelClasses,
    names: modelClasses.map((code, index) => classNames[code] ?? known.get(index) ?? code),
    items,
    problems: [...problems.toProblems(), ...set.problems.filter(({ code }) => code !== 'CLASS_EMPTY')],
  };
}

/** The class of a model that a name stands for: of the same kind if there is one, otherwise of the whole diagnosis. */
function sameDiagnosis(name: string, modelClasses: readonly string[]): number | undefined {
  const wanted = diagnosisOf(name);
  if (wanted === null) return undefined;
  const ofKind = (kind: string | null) =>
    modelClasses.findIndex((other) => {
      const known = diagnosisOf(other);
      return known?.code === wanted.code && known.kind === kind;
    });
  return [ofKind(wanted.kind), ofKind(null)].find((index) => index >= 0);
}

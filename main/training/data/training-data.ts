// The data of a run: labelled sets opened, brought to the classes of the model, divided, hashed. Whatever is left out
// is listed with its reason before anything starts.
import { DermOrbitError } from '../../contract/errors.ts';
import type { Problem } from '../../contract/problem.ts';
import type { SkippedImage } from '../../contract/training-events.ts';
import { lookAhead } from '../../engine/look-ahead.ts';
import { alignClasses, openDataset } from '../../evaluation/datasets/datasets.ts';
import type { DatasetSource } from '../../contract/dataset.ts';
import type { LabelledItem } from '../../evaluation/datasets/labelled-set.ts';
import { readItem } from '../../evaluation/run/pixels.ts';
import { splitByLesion, withoutLesionsOf, type Split } from './split.ts';

/** Where the images of a run come from. */
export interface DataChoice {
  readonly training: DatasetSource;
  /** A set of its own, or null: a share of the training set. */
  readonly validation: DatasetSource | null;
  readonly validationShare: number;
  /** At most so many training images, the first of them. */
  readonly limit: number | null;
  readonly allowMissingClasses: boolean;
}

/** An image and the hash of its bytes, under which the cache keeps its orbit. */
export interface HashedItem {
  readonly id: string;
  readonly sha256: string;
  readonly label: number;
  readonly item: LabelledItem;
}

export interface OpenedData extends Split {
  readonly classes: readonly string[];
  readonly problems: readonly Problem[];
  /** Whether lesions are known, so that the two sides cannot share one. */
  readonly lesionsKnown: boolean;
}

/**
 * Opens and divides the data.
 * @throws DermOrbitError as openDataset; SPLIT_EMPTY; CLASS_WITHOUT_TRAINING_IMAGES unless allowed
 */
export async function openTrainingData(
  choice: DataChoice,
  classes: readonly string[],
  seed: number,
  signal?: AbortSignal,
): Promise<OpenedData> {
  const set = alignClasses(await openDataset(choice.training, signal), classes);
  const items = choice.limit === null ? set.items : set.items.slice(0, choice.limit);
  const problems: Problem[] = [...set.problems];
  let split: Split;
  if (choice.validation) {
    const other = alignClasses(await openDataset(choice.validation, signal), classes);
    problems.push(...other.problems.map((one) => ({ ...one, message: `Validation: ${one.message}` })));
    const { kept, shared } = withoutLesionsOf(items, other.items);
    if (shared.length > 0) problems.push(leftOut('LESION_ON_BOTH_SIDES', 'whose lesion validates', shared));
    split = { training: kept, validation: other.items };
  } else {
    split = splitByLesion(items, choice.validationShare, seed);
  }
  requireBothSides(split.training, split.validation, reasonsOf(problems));
  requireClasses(split.training, classes, choice.allowMissingClasses, reasonsOf(problems));
  const all = [...split.training, ...split.validation];
  return { ...split, classes, problems, lesionsKnown: all.every(({ lesion }) => lesion !== null) };
}

/** Images left out of training, as one problem. */
function leftOut(code: Problem['code'], why: string, items: readonly { readonly id: string }[]): Problem {
  const count = items.length === 1 ? '1 training image' : `${items.length} training images`;
  const subjects = items.map(({ id }) => id);
  const first = subjects.slice(0, 3).join(', ');
  const rest = subjects.length > 3 ? `, and ${subjects.length - 3} more` : '';
  return { code, message: `${count} ${why}: ${first}${rest}.`, subjects, excluded: true };
}

/** @throws DermOrbitError SPLIT_EMPTY with the reasons */
function requireBothSides(
  training: readonly unknown[],
  validation: readonly unknown[],
  reasons: readonly string[],
): void {
  if (training.length > 0 && validation.length > 0) return;
  const message = `${training.length} images to learn from, ${validation.length} to validate with.`;
  throw new DermOrbitError('SPLIT_EMPTY', withReasons(message, reasons));
}

/** What was left out: where nothing or too little is left, that is why. */
function reasonsOf(problems: readonly Problem[]): string[] {
  return problems.flatMap(({ message, excluded }) => (excluded ? [`Left out: ${message}`] : []));
}

/** Of files that cannot be read: the first few, with what is wrong with them. */
function reasonsToSkip(skipped: readonly SkippedImage[]): string[] {
  const first = skipped.slice(0, 3).map(({ id, error }) => `Skipped ${id}: ${error.message}`);
  return skipped.length > 3 ? [...first, `And ${skipped.length - 3} more were skipped.`] : first;
}

function withReasons(message: string, reasons: readonly string[]): string {
  return [message, ...reasons].join(' ');
}

/**
 * @param reasons what was left out and may be why
 * @throws DermOrbitError CLASS_WITHOUT_TRAINING_IMAGES naming the classes
 */
export function requireClasses(
  training: readonly { readonly label: number }[],
  classes: readonly string[],
  allowed: boolean,
  reasons: readonly string[] = [],
): void {
  const present = new Set(training.map(({ label }) => label));
  const missing = classes.filter((_, index) => !present.has(index));
  if (missing.length === 0 || allowed) return;
  const message = `There is no image to learn ${missing.join(', ')} from.`;
  throw new DermOrbitError('CLASS_WITHOUT_TRAINING_IMAGES', withReasons(message, reasons));
}

export interface HashedData {
  readonly training: readonly HashedItem[];
  readonly validation: readonly HashedItem[];
  readonly skipped: readonly SkippedImage[];
  readonly problems: readonly Problem[];
}

/**
 * Reads every image once to know its hash; training images whose bytes validate are left out.
 * @throws DermOrbitError CANCELLED, SPLIT_EMPTY if nothing can be read
 */
export async function hashData(
  { training, validation }: Split,
  signal?: AbortSignal,
  onImage?: (done: number, total: number) => void,
): Promise<HashedData> {
  const skipped: SkippedImage[] = [];
  const total = training.length + validation.length;
  let done = 0;
  const hash = async (items: readonly LabelledItem[]): Promise<HashedItem[]> => {
    const hashed: HashedItem[] = [];
    const prepare = (item: LabelledItem) => readItem(item, 1, () => true, signal);
    for await (const { item, outcome } of lookAhead(items, prepare, signal)) {
      if ('error' in outcome) skipped.push(skippedImage(item.id, outcome.error));
      else hashed.push({ id: item.id, sha256: outcome.value.sha256, label: item.label, item });
      onImage?.(++done, total);
    }
    return hashed;
  };
  const validating = await hash(validation);
  const learning = await hash(training);
  const hashes = new Set(validating.map(({ sha256 }) => sha256));
  const shared = learning.filter(({ sha256 }) => hashes.has(sha256));
  const kept = learning.filter(({ sha256 }) => !hashes.has(sha256));
  const problems = shared.length > 0 ? [leftOut('IMAGE_ON_BOTH_SIDES', 'that also validate', shared)] : [];
  requireBothSides(kept, validating, [...reasonsOf(problems), ...reasonsToSkip(skipped)]);
  return { training: kept, validation: validating, skipped, problems };
}

export function skippedImage(id: string, error: DermOrbitError): SkippedImage {
  return { id, error: error.toRecord() };
}

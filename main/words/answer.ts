// An answer in the order in which it is needed: malignant or benign, which class, how sure, what to do, how well that was
// measured. Pure; page and reports say it alike.
import type { Manifest } from '../contract/manifest.ts';
import { rankClasses, type Classification } from '../contract/record.ts';
import { isMalignant } from '../contract/settings.ts';
import { className, percent, wordInSentence } from './words.ts';

/** Two classes nearer than this are a close call, and both are named. */
const closeMargin = 0.15;
/** Between these the sum over the malignant classes decides nothing. */
const undecidedBand = [0.4, 0.6] as const;
/** From here on the largest probability is called sure, and fairly sure. */
const sureFrom = 0.85;
const fairlySureFrom = 0.6;

export type Side = 'malignant' | 'benign' | 'undecided';

export interface Answer {
  /** Null where the model's classes are not divided into malignant and benign. */
  readonly side: Side | null;
  /** The likeliest class, and the runner-up where the call is close. */
  readonly classes: readonly { readonly code: string; readonly probability: number }[];
  /** The class after those, for "then nevus 12%"; null where there is none. */
  readonly next: { readonly code: string; readonly probability: number } | null;
  readonly certainty: 'sure' | 'fairly sure' | 'unsure';
  /** Why the answer should not be relied on, one sentence each; empty where nothing speaks against it. */
  readonly doubts: readonly string[];
}

export function answerOf(record: Classification): Answer {
  const ranked = rankClasses(record.probabilities);
  const [first, second] = ranked;
  if (first === undefined) return { side: null, classes: [], next: null, certainty: 'unsure', doubts: [] };
  const close = second !== undefined && first.probability - second.probability < closeMargin;
  const side = sideOf(record.malignant);
  const doubts: string[] = [];
  if (side === 'undecided') doubts.push('Malignant and benign are nearly as likely.');
  if (close) doubts.push('Two classes are nearly as likely.');
  if (contradicts(side, first.code)) {
    doubts.push(
      side === 'malignant'
        ? 'The likeliest class is benign, yet the malignant classes together are likelier.'
        : 'The likeliest class is malignant, yet the benign classes together are likelier.',
    );
  }
  const empty = record.set?.classes.length === 0;
  if (empty) doubts.push(fitsNothing);
  const steady = side !== 'undecided' && !close && !contradicts(side, first.code) && !empty;
  const certainty =
    steady && first.probability >= sureFrom
      ? 'sure'
      : steady && first.probability >= fairlySureFrom
        ? 'fairly sure'
        : 'unsure';
  if (certainty === 'unsure' && doubts.length === 0) doubts.push('No class is likely enough to stand alone.');
  return {
    side,
    classes: close ? ranked.slice(0, 2) : [first],
    next: ranked[close ? 2 : 1] ?? null,
    certainty,
    doubts,
  };
}

function sideOf(malignant: number | null): Side | null {
  if (malignant === null) return null;
  const [low, high] = undecidedBand;
  if (malignant > low && malignant < high) return 'undecided';
  return malignant >= high ? 'malignant' : 'benign';
}

function contradicts(side: Side | null, code: string): boolean {
  return (side === 'malignant' && !isMalignant(code)) || (side === 'benign' && isMalignant(code));
}

/** Of an answer that fits none of the classes, as the model was calibrated. */
const fitsNothing = 'The picture fits none of the classes.';

/**
 * The classes that the diagnosis is among; null where the model was not calibrated. An empty set and a full one are no
 * answers, and are said in words.
 */
export function setSentence({
  set,
  probabilities,
}: Pick<Classification, 'set' | 'probabilities'>): string | null {
  if (!set) return null;
  const promise = `of such pictures ${set.level}% are covered, class by class`;
  const { classes } = set;
  if (classes.length === 0) return `None of the classes (${promise}).`;
  if (classes.length === Object.keys(probabilities).length) return `Any of the classes (${promise}).`;
  const named = classes.map((code, index) => (index === 0 ? className(code) : wordInSentence(code)));
  return `${named.join(' or ')} (${promise}).`;
}

/** `Melanoma`, or, of a close call, `Melanoma or benign keratosis`. */
export function answerTitle({ classes }: Answer): string {
  return classes
    .map(({ code }, index) => (index === 0 ? className(code) : wordInSentence(code)))
    .join(' or ');
}

const certaintyWords = {
  sure: 'Sure, by the model’s own probabilities.',
  'fairly sure': 'Fairly sure, by the model’s own probabilities.',
  unsure: 'Unsure.',
} as const;

/** How sure, and why not where it is not. */
export function certaintySentence({ certainty, doubts }: Answer): string {
  return [certaintyWords[certainty], ...doubts].join(' ');
}

/** What to do with an answer that is not to be relied on; null where nothing speaks against it. */
export function adviceOf({ doubts }: Answer): string | null {
  return doubts.length === 0
    ? null
    : 'Do not rely on this answer: take another photograph, or have the lesion judged without it.';
}

type Metric = NonNullable<Manifest['metrics']>[number];

/** What was measured of a model that an answer rests on. */
export interface Measured {
  /** Share of the images of the answered class that the model finds, in words; null where nobody measured it. */
  readonly recall: string | null;
  /** Balanced accuracy with these settings, in words; null where nobody measured it. */
  readonly accuracy: string | null;
}

/**
 * Figures of the manifest for the class and the settings of a record. Recalls are metrics of the name `recall/CODE`, as
 * evaluations name them; the note of a metric begins with its group and method.
 */
export function measuredOf(record: Classification, metrics: readonly Metric[]): Measured {
  const settings = `${record.group} ${record.method}`;
  const found = (name: string): Metric | undefined =>
    metrics.find((one) => one.name === name && one.note?.startsWith(settings) === true) ??
    metrics.find((one) => one.name === name && one.note === undefined);
  const words = (metric: Metric | undefined, name: string): string | null =>
    metric === undefined
      ? null
      : `${name} ${(100 * metric.value).toFixed(1)}%, on ${metric.images.toLocaleString('en')} images (${metric.dataset})`;
  const top = rankClasses(record.probabilities)[0]?.code ?? '';
  return {
    recall: words(found(`recall/${top}`), `Recall of ${wordInSentence(top)}`),
    accuracy: words(found('Balanced accuracy'), 'Balanced accuracy'),
  };
}

/** The same in one or two sentences: what is unknown is said. */
export function measuredSentence({ recall, accuracy }: Measured): string {
  if (recall === null && accuracy === null)
    return 'Not measured: nobody tested this model with these settings.';
  return (
    [recall ?? 'Recall of this class: not measured', accuracy].filter((one) => one !== null).join('. ') + '.'
  );
}

/** `Malignant 57%, benign 43%`, the larger first. */
export function sidesWords(malignant: number): string {
  const [high, low] = [`malignant ${percent(malignant)}`, `benign ${percent(1 - malignant)}`];
  const [first, second] = malignant >= 0.5 ? [high, low] : [low, high];
  return `${first[0]!.toUpperCase()}${first.slice(1)}, ${second}`;
}

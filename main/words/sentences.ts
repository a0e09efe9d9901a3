// What an answer rests on, in one sentence. Pure; written from the record alone.
import { rankClasses, type Classification } from '../contract/record.ts';
import { isInvariant } from '../equivariance/settings.ts';
import type { GroupName } from '../groups/groups.ts';
import { className, orientationName, percent, wordInSentence } from './words.ts';

/** How firm an answer is: `firm` all agree, `split` some orientation differs, `untested` only one was seen. */
export type Footing = 'firm' | 'split' | 'untested';

export interface Rest {
  readonly footing: Footing;
  readonly sentence: string;
}

/** The class that an orientation by itself would answer; null if it has none, or was not asked. */
export function topOf(probabilities: Readonly<Record<string, number>> | null): string | null {
  return probabilities === null ? null : (rankClasses(probabilities)[0]?.code ?? null);
}

/** The orientations that the image tower saw: all but where the choice was made before it ran. */
function askedOf({ orientations }: Classification): Classification['orientations'] {
  return orientations.filter(({ probabilities }) => probabilities !== null);
}

/** Elements of the orientations whose own top class is not the result's. */
export function disagreeing(record: Classification): ReadonlySet<number> {
  const answer = topOf(record.probabilities);
  return new Set(
    askedOf(record)
      .filter((orientation) => topOf(orientation.probabilities) !== answer)
      .map(({ element }) => element),
  );
}

/** Under which turns the answer of these settings provably stays; null where it is under none. */
export function invarianceWords(settings: Parameters<typeof isInvariant>[0]): string | null {
  return isInvariant(settings) ? turnWords[settings.group] : null;
}

const turnWords: Readonly<Record<GroupName, string | null>> = {
  c1: null,
  c2: 'at half turns',
  c4: 'at quarter turns',
  d1: 'at mirrors',
  d4: 'at quarter turns and mirrors',
};

/** What the answer rests on. Agreement is no sign of a right answer, so it is not said as one. */
export function restsOn(record: Classification): Rest {
  const n = record.orientations.length;
  if (n <= 1) {
    return {
      footing: 'untested',
      sentence: 'Only one orientation was looked at; a turn may change the answer.',
    };
  }
  if (askedOf(record).length < n) {
    return {
      footing: 'untested',
      sentence: `One of ${n} orientations was looked at: the one that the scorer chose from small pictures.`,
    };
  }
  const answers = new Set(record.orientations.map(({ probabilities }) => topOf(probabilities)));
  const differ = disagreeing(record).size;
  if (differ === 0) {
    return {
      footing: 'firm',
      sentence: `All ${n} orientations agree. That does not make the answer right.`,
    };
  }
  if (answers.size === 1) {
    return {
      footing: 'split',
      sentence: `All ${n} orientations answer ${wordInSentence([...answers][0] ?? '')} by themselves; combined they do not.`,
    };
  }
  const turns = invarianceWords(record);
  const stays =
    turns === null
      ? 'With these settings a turn can change the answer.'
      : `The combined answer is the same ${turns}.`;
  return { footing: 'split', sentence: `${n - differ} of ${n} orientations agree. ${stays}` };
}

/** The stability mark for screen readers: `same answer in 3 of 4 orientations`. */
export function stabilityWords(record: Classification): string {
  const n = record.orientations.length;
  if (n <= 1) return 'one orientation only';
  if (askedOf(record).length < n) return `one of ${n} orientations was looked at`;
  const agree = n - disagreeing(record).size;
  return agree === n
    ? `same answer in all ${n} orientations`
    : `same answer in ${agree} of ${n} orientations`;
}

/** A whole record for screen readers, as list rows are read out. */
export function recordWords(record: Classification): string {
  const top = rankClasses(record.probabilities)[0];
  if (top === undefined) return 'no answer';
  const malignant = record.malignant === null ? '' : `, malignant ${percent(record.malignant)}`;
  return `${className(top.code)} ${percent(top.probability)}${malignant}, ${stabilityWords(record)}`;
}

/** What the orientations that disagree say: `At 90° and 270°: melanoma. At mirrored 0° alone: nevus.` Null if none. */
export function disagreementWords(record: Classification): string | null {
  const differ = disagreeing(record);
  const places = new Map<string, string[]>();
  for (const { element, turn, mirror, probabilities } of record.orientations) {
    if (!differ.has(element)) continue;
    const top = topOf(probabilities) ?? '';
    places.set(top, [...(places.get(top) ?? []), orientationName(turn, mirror)]);
  }
  const said = [...places].map(([code, labels]) => {
    const last = labels.length > 1 ? ` and ${labels.at(-1) ?? ''}` : ' alone';
    const where = labels.slice(0, Math.max(1, labels.length - 1)).join(', ');
    return `At ${where}${last}: ${wordInSentence(code)}.`;
  });
  return said.length === 0 ? null : said.join(' ');
}

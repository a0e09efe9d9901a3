// The work list as the person sees it: what state each image is in, which are shown, in which order. Pure.
import type { Preferences, WorkItem } from '../../main/contract/application.ts';
import { isFailure, rankClasses, type Classification } from '../../main/contract/record.ts';

export type Sort = Preferences['sort'];
export type Filter = Preferences['filter'];

/** Where an image stands: not asked for, in the queue of the run, being computed, answered, failed. */
export type ItemState = 'idle' | 'queued' | 'working' | 'done' | 'failed';

/** An image with what sorting and filtering need, computed once per record. */
export interface ListEntry {
  readonly item: WorkItem;
  readonly result: Classification | null;
  readonly top: { readonly code: string; readonly probability: number } | null;
  /** Lead of the top class over the second, 0 to 1; null without a result. */
  readonly lead: number | null;
}

export const sortTerms: Readonly<Record<Sort, string>> = {
  added: 'In order added',
  name: 'By name',
  malignant: 'Malignant first',
  uncertain: 'Uncertain first',
};

export const filterTerms: Readonly<Record<Filter, { readonly name: string; readonly explanation: string }>> =
  {
    all: { name: 'All', explanation: 'Every image of the list' },
    malignant: { name: 'Malignant', explanation: 'Malignant classes add up to 50% or more' },
    uncertain: { name: 'Uncertain', explanation: 'The top class leads the second by less than 20 points' },
    unstable: { name: 'Unstable', explanation: 'Some orientation by itself gives another answer' },
    failed: { name: 'Failed', explanation: 'Could not be classified' },
  };

const malignantFrom = 0.5;
const certainFromLead = 0.2;

/** Derives what lists need from one image. */
export function listEntry(item: WorkItem): ListEntry {
  if (item.record === null || isFailure(item.record)) return { item, result: null, top: null, lead: null };
  const ranked = rankClasses(item.record.probabilities);
  const top = ranked[0] ?? null;
  return {
    item,
    result: item.record,
    top,
    lead: top === null ? null : top.probability - (ranked[1]?.probability ?? 0),
  };
}

export function hasFailed(entry: ListEntry): boolean {
  return entry.item.record !== null && isFailure(entry.item.record);
}

/** Whether the file itself is at fault: it has no picture to show, and trying again would not help. */
export function hasBadFile({ item: { record } }: ListEntry): boolean {
  return record !== null && isFailure(record) && record.error.code.startsWith('IMAGE_');
}

const filters: Readonly<Record<Filter, (entry: ListEntry) => boolean>> = {
  all: () => true,
  malignant: ({ result }) => result !== null && (result.malignant ?? 0) >= malignantFrom,
  uncertain: ({ lead }) => lead !== null && lead < certainFromLead,
  unstable: ({ result }) => result !== null && (result.stability ?? 1) < 1,
  failed: hasFailed,
};

/** How many images each filter would show. */
export function filterCounts(entries: readonly ListEntry[]): Record<Filter, number> {
  const counts: Record<Filter, number> = { all: 0, malignant: 0, uncertain: 0, unstable: 0, failed: 0 };
  for (const entry of entries) {
    for (const filter of Object.keys(counts) as Filter[]) {
      if (filters[filter](entry)) counts[filter] += 1;
    }
  }
  return counts;
}

/** Images without a result go last; ties keep the order in which images were added (sort is stable). */
function byNumber(value: (entry: ListEntry) => number | null, direction: 1 | -1) {
  return (a: ListEntry, b: ListEntry): number => {
    const left = value(a);
    const right = value(b);
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return direction * (left - right);
  };
}

const names = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

const orders: Readonly<Record<Sort, ((a: ListEntry, b: ListEntry) => number) | null>> = {
  added: null,
  name: (a, b) => names.compare(a.item.name, b.item.name),
  malignant: byNumber(({ result }) => result?.malignant ?? null, -1),
  uncertain: byNumber(({ lead }) => lead, 1),
};

/** The images to show: filtered, those whose name or folder holds `search` (any case), sorted. */
export function arrange(
  entries: readonly ListEntry[],
  { filter, sort, search }: { readonly filter: Filter; readonly sort: Sort; readonly search: string },
): ListEntry[] {
  const wanted = search.trim().toLowerCase();
  const shown = entries.filter(
    (entry) =>
      filters[filter](entry) &&
      (wanted === '' || `${entry.item.folder ?? ''}/${entry.item.name}`.toLowerCase().includes(wanted)),
  );
  const order = orders[sort];
  return order === null ? shown : shown.sort(order);
}

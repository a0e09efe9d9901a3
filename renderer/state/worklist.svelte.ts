// The images of this session, which one is chosen, and which are shown in which order.
import type { WorkItem } from '../../main/contract/application.ts';
import type { ClassificationRecord } from '../../main/contract/record.ts';
import { arrange, filterCounts, listEntry, type ListEntry } from './list.ts';
import { Throttle } from './throttle.ts';
import type { PreferencesState } from './preferences.svelte.ts';

/** Results arrive faster than anyone reads. In an order that results decide, rows would jump about: slower. */
const redrawMilliseconds = { added: 150, name: 150, malignant: 700, uncertain: 700 } as const;

export class WorkList {
  items = $state.raw<readonly WorkItem[]>([]);
  chosenId = $state<string | null>(null);
  search = $state('');

  readonly #entryOf = new WeakMap<WorkItem, ListEntry>();
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- a buffer between redraws, on purpose not shown
  readonly #records = new Map<string, ClassificationRecord>();
  /** Ids of all images, those not drawn yet included. */
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- as above
  readonly #known = new Set<string>();
  #arrived: WorkItem[] = [];
  readonly #redraw = new Throttle(
    () => {
      this.#draw();
    },
    () => redrawMilliseconds[this.#preferences.current.sort],
  );
  readonly #preferences: PreferencesState;

  constructor(preferences: PreferencesState) {
    this.#preferences = preferences;
  }

  readonly entries: readonly ListEntry[] = $derived.by(() => this.items.map((item) => this.#entry(item)));
  readonly counts = $derived.by(() => filterCounts(this.entries));
  readonly shown: readonly ListEntry[] = $derived.by(() => {
    const { filter, sort } = this.#preferences.current;
    return arrange(this.entries, { filter, sort, search: this.search });
  });
  readonly chosen: ListEntry | null = $derived.by(
    () => this.entries.find(({ item }) => item.id === this.chosenId) ?? null,
  );
  readonly chosenIndex: number = $derived.by(() =>
    this.shown.findIndex(({ item }) => item.id === this.chosenId),
  );

  replace(items: readonly WorkItem[]): void {
    this.#known.clear();
    for (const { id } of items) this.#known.add(id);
    this.#arrived = [];
    this.items = items;
    if (!items.some(({ id }) => id === this.chosenId)) this.chosenId = items[0]?.id ?? null;
  }

  /** Returns the items that were not in the list yet; shown with the next redraw, the first ones at once. */
  add(items: readonly WorkItem[]): readonly WorkItem[] {
    const fresh = items.filter(({ id }) => !this.#known.has(id));
    for (const { id } of fresh) this.#known.add(id);
    this.#arrived.push(...fresh);
    if (this.items.length === 0) this.#redraw.now();
    else this.#redraw.request();
    this.chosenId ??= fresh[0]?.id ?? null;
    return fresh;
  }

  /** Takes images off the list; the choice moves to the nearest row that stays. */
  remove(ids: readonly string[]): void {
    this.#redraw.now();
    for (const id of ids) this.#known.delete(id);
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- read once, here
    const gone = new Set(ids);
    if (this.chosenId !== null && gone.has(this.chosenId)) {
      const after = this.shown.slice(this.chosenIndex + 1).find(({ item }) => !gone.has(item.id));
      const before = this.shown
        .slice(0, Math.max(0, this.chosenIndex))
        .findLast(({ item }) => !gone.has(item.id));
      this.chosenId = (after ?? before)?.item.id ?? null;
    }
    this.items = this.items.filter(({ id }) => !gone.has(id));
  }

  /** A result has come; shown with the next redraw. */
  receive(id: string, record: ClassificationRecord): void {
    this.#records.set(id, record);
    this.#redraw.request();
  }

  /** Shows at once what has come in since the last redraw. */
  redraw(): void {
    this.#redraw.now();
  }

  /** Chooses the next (1) or previous (-1) image of those shown. */
  step(by: 1 | -1): void {
    const index = this.chosenIndex < 0 ? 0 : this.chosenIndex + by;
    const entry = this.shown[Math.min(Math.max(0, index), this.shown.length - 1)];
    if (entry !== undefined) this.chosenId = entry.item.id;
  }

  #draw(): void {
    if (this.#arrived.length === 0 && this.#records.size === 0) return;
    const all = [...this.items, ...this.#arrived];
    this.#arrived = [];
    this.items = all.map((item) => {
      const record = this.#records.get(item.id);
      return record === undefined ? item : { ...item, record };
    });
    this.#records.clear();
  }

  #entry(item: WorkItem): ListEntry {
    const known = this.#entryOf.get(item);
    if (known !== undefined) return known;
    const entry = listEntry(item);
    this.#entryOf.set(item, entry);
    return entry;
  }
}

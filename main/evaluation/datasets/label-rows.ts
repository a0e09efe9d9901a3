// Rows of a label table on their way to labels: one per image, contradictions left out and listed.
import type { ProblemList } from './problems.ts';

/** One image as a table describes it. */
export interface LabelRow<Label> {
  /** Its name, as it is looked for. */
  readonly id: string;
  readonly label: Label;
  readonly lesion: string | null;
}

/** Gathers rows: an image that is named twice alike counts once, one with two classes not at all. */
export class LabelRows<Label> {
  readonly #rows = new Map<string, LabelRow<Label>>();
  readonly #conflicts = new Set<string>();
  readonly #problems: ProblemList;

  constructor(problems: ProblemList) {
    this.#problems = problems;
  }

  add(row: LabelRow<Label>): void {
    const earlier = this.#rows.get(row.id);
    if (!earlier) this.#rows.set(row.id, row);
    else if (earlier.label === row.label) this.#problems.add('IMAGE_DUPLICATE', row.id);
    else this.#conflicts.add(row.id);
  }

  /** The rows that stand, in their order. */
  finish(): LabelRow<Label>[] {
    for (const id of this.#conflicts) this.#rows.delete(id);
    this.#problems.add('LABEL_CONFLICT', ...this.#conflicts);
    return [...this.#rows.values()];
  }
}

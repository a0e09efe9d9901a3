// Work that runs ahead on other threads while its results are used one by one, in order.
import { asDermOrbitError, type DermOrbitError } from '../contract/errors.ts';

/** How many items are prepared ahead: enough that the networks never wait, few enough to bound memory. */
const ahead = 3;
/** How many items may be under way at the same time: the one at hand, and those ahead of it. */
export const filesAtOnce = ahead + 1;

/** An outcome that can wait to be looked at: a failure ahead of its turn must not end the process. */
export type Outcome<T> = { readonly value: T } | { readonly error: DermOrbitError };

/**
 * Prepares items a few ahead of their use.
 * @returns every item with what came of it, in order; failures of single items are outcomes
 * @throws DermOrbitError CANCELLED once the signal is aborted
 */
export async function* lookAhead<Item, T>(
  items: readonly Item[],
  prepare: (item: Item) => Promise<T>,
  signal?: AbortSignal,
): AsyncGenerator<{ readonly index: number; readonly item: Item; readonly outcome: Outcome<T> }> {
  const started: Promise<Outcome<T>>[] = [];
  const start = (index: number) => {
    if (index < items.length) started.push(settle(prepare(items[index]!)));
  };
  for (let index = 0; index < ahead; index++) start(index);
  for (const [index, item] of items.entries()) {
    const outcome = await started.shift()!;
    start(index + ahead);
    signal?.throwIfAborted();
    if ('error' in outcome && outcome.error.code === 'CANCELLED') throw outcome.error;
    yield { index, item, outcome };
  }
}

async function settle<T>(work: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work };
  } catch (error) {
    return { error: asDermOrbitError(error) };
  }
}

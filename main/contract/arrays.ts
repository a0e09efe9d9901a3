// Arrays as the contract hands them on: whoever gets one reads it and does not change it. Depends on nothing.
import { z } from 'zod';

/**
 * `z.array` whose type is read-only. Only the type: `z.array().readonly()` would freeze each array, which the page's
 * reactive state cannot wrap.
 */
export function list<T extends z.ZodType>(item: T): z.ZodType<readonly z.output<T>[], readonly z.input<T>[]> {
  return z.array(item);
}

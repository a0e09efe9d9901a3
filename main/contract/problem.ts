// Something noticed while a labelled set was read. Depends on the error table.
import { z } from 'zod';
import { list } from './arrays.ts';
import { errorCodeSchema } from './error-record.ts';

/** Shown before anything runs. */
export const problemSchema = z.object({
  code: errorCodeSchema,
  /** What was found, with up to three of the subjects. */
  message: z.string(),
  /** Every image, row, class or file concerned. */
  subjects: list(z.string()),
  /** Whether the subjects are left out of the set. */
  excluded: z.boolean(),
});
export type Problem = z.infer<typeof problemSchema>;

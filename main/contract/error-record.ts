// An error as plain data: what crosses a process border and stands in records.
import { z } from 'zod';
import { errorTexts, type ErrorCode } from './error-texts/table.ts';

export const errorCodeSchema = z.enum(Object.keys(errorTexts) as [ErrorCode, ...ErrorCode[]]);

export const errorRecordSchema = z.object({
  code: errorCodeSchema,
  title: z.string(),
  /** What happened, in this case. */
  message: z.string(),
});
export type ErrorRecord = z.infer<typeof errorRecordSchema>;

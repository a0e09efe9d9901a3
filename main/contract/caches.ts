// Caches of training in the data folder, as lists show them. Depends on the other files of the contract.
import { z } from 'zod';
import { groupNameSchema } from './settings.ts';

/** The name of a cache's file: a plain name, never a path. */
export const cacheNameSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,250}$/);

export const cacheSummarySchema = z.object({
  name: cacheNameSchema,
  bytes: z.int().min(0),
  /** What is kept of each image; null: of another version, which this one cannot use. */
  holds: z
    .discriminatedUnion('content', [
      z.object({
        content: z.enum(['features', 'embeddings']),
        /** Id of the model, when it was begun. */
        model: z.string(),
        group: groupNameSchema,
        images: z.int().min(0),
      }),
      z.object({
        content: z.literal('pixels'),
        /** Side of the squares, in pixels. */
        side: z.int().positive(),
        images: z.int().min(0),
      }),
    ])
    .nullable(),
  /** Last change, ISO 8601. */
  changed: z.string(),
  /** Whether a process works with it. */
  inUse: z.boolean(),
});
export type CacheSummary = z.infer<typeof cacheSummarySchema>;

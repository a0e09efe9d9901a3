// Labelled sets: where one lies, and what was found in it. Depends on the other files of the contract.
import { z } from 'zod';
import { problemSchema } from './problem.ts';

/** Where a labelled set lies: absolute paths, null where not given. */
export const datasetSourceSchema = z.object({
  /** The folder of the images, or a CIFAR-100 file. */
  images: z.string().min(1),
  /** A table of labels. */
  labels: z.string().min(1).nullable(),
  /** A table of lesions. */
  lesions: z.string().min(1).nullable(),
});
export type DatasetSource = z.infer<typeof datasetSourceSchema>;

/** Subjects of a problem that travel to the page. */
export const shownSubjects = 200;

/** With at most `shownSubjects` subjects; `count` says how many there are. */
export const countedProblemSchema = z.object({ problem: problemSchema, count: z.int() });
export type CountedProblem = z.infer<typeof countedProblemSchema>;

/** What was found in a labelled set, before anything starts. */
export const datasetSummarySchema = z.object({
  /** Id of the format, and its name as people know it. */
  format: z.string(),
  title: z.string(),
  images: z.int(),
  classes: z.array(z.object({ code: z.string(), name: z.string(), images: z.int() })),
  /** Lesions that the images show; images whose lesion is unknown count as one each. */
  lesions: z.int(),
  /** Images whose lesion is known. */
  lesionsKnown: z.int(),
  problems: z.array(countedProblemSchema),
});
export type DatasetSummary = z.infer<typeof datasetSummarySchema>;

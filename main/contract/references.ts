// How page and main side name things to each other: images and files by opaque ids, exports by where they went.
import { z } from 'zod';

/** An image or file of this session: opaque, unguessable, meaningless after exit. */
export const imageIdSchema = z.string().regex(/^[A-Za-z0-9_-]{16,32}$/);

/**
 * Where an export went. `saved`: written to a file chosen in a dialog; `cancelled`: the dialog was dismissed;
 * `download` and `view`: a relative URL for the browser to download, or to open in a tab and print.
 */
export const exportResultSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('saved'), name: z.string() }),
  z.object({ kind: z.literal('cancelled') }),
  z.object({ kind: z.literal('download'), url: z.string(), name: z.string() }),
  z.object({ kind: z.literal('view'), url: z.string(), name: z.string() }),
]);
export type ExportResult = z.infer<typeof exportResultSchema>;

/** A folder or a table (CSV) that was chosen, uploaded or offered at the start of the host, by its opaque id. */
export const dataReferenceSchema = z.object({
  id: imageIdSchema,
  name: z.string(),
  kind: z.enum(['folder', 'table']),
});
export type DataReference = z.infer<typeof dataReferenceSchema>;

/** A labelled set as the page names it. */
export const dataChoiceSchema = z.object({
  images: imageIdSchema,
  /** Null: what lies beside or in the folder by the name of its format. */
  labels: imageIdSchema.nullable(),
  lesions: imageIdSchema.nullable(),
});
export type DataChoice = z.infer<typeof dataChoiceSchema>;

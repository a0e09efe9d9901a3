// The application's contract: everything the page can ask of the main side, what streams back meanwhile, what
// comes out, and what the main side tells the page unasked. One table; Electron IPC and the WebSocket are two
// transports of it (main/rpc), and both sides check every message against these schemas.
//
// The page never names a path. Images and files have opaque ids; paths come from dialogs, from dropped files
// (resolved in the preload) or from uploads.
import { z } from 'zod';
import { jobNoticeSchemas, jobRequests } from './application-jobs.ts';
import {
  importRequestSchema,
  inspectionSchema,
  progressSchema,
  providerStatusSchema,
  requestBaseSchema,
  settingsChoiceSchema,
  turnTestPointSchema,
} from './engine.ts';
import type { ContractApi } from './operations.ts';
import { modelDetailsSchema, modelIdSchema, modelSummarySchema, verificationSchema } from './manifest.ts';
import { errorRecordSchema } from './error-record.ts';
import { classificationSchema, failureSchema } from './record.ts';
import { exportResultSchema, imageIdSchema } from './references.ts';
import { providerChoiceSchema } from './settings.ts';
import { screens } from './screens.ts';
import { joinGroups, skippedGroupSchema } from './skipped.ts';

export type { ExportResult } from './references.ts';

const empty = z.object({});
const recordSchema = z.union([failureSchema, classificationSchema]);
const modelRequestSchema = z.object({ id: modelIdSchema });

/** Which model, provider and settings; the engine also takes folders as models, the page may not name any. */
const choiceSchema = requestBaseSchema.extend({ model: modelIdSchema.optional() });

// ---------------------------------------------------------------------------------------------- preferences

/** What the page remembers between starts. Every field has a default, so that older files stay readable. */
export const preferencesSchema = z.object({
  theme: z.enum(['system', 'light', 'dark']).default('system'),
  /** Model id; null: the bundled default. */
  model: modelIdSchema.nullable().default(null),
  provider: providerChoiceSchema.default('auto'),
  /** Group, method, level, inverse and head as chosen; what is absent is decided by the model. */
  settings: settingsChoiceSchema.default({}),
  /** Opacity of the evidence map over the image, 0 to 1. */
  evidenceOpacity: z.number().min(0).max(1).default(0.5),
  /** Step of the turn test in degrees. */
  turnStep: z.number().min(1).max(90).default(15),
  sort: z.enum(['added', 'name', 'malignant', 'uncertain']).default('added'),
  filter: z.enum(['all', 'malignant', 'uncertain', 'unstable', 'failed']).default('all'),
  /** True once the person has read what the product is and is not. */
  introduced: z.boolean().default(false),
});
export type Preferences = z.infer<typeof preferencesSchema>;

/** A change of preferences: only the fields that change; no defaults are filled in. */
export const preferencesPatchSchema = z.strictObject({
  theme: preferencesSchema.shape.theme.unwrap().optional(),
  model: preferencesSchema.shape.model.unwrap().optional(),
  provider: providerChoiceSchema.optional(),
  settings: settingsChoiceSchema.optional(),
  evidenceOpacity: preferencesSchema.shape.evidenceOpacity.unwrap().optional(),
  turnStep: preferencesSchema.shape.turnStep.unwrap().optional(),
  sort: preferencesSchema.shape.sort.unwrap().optional(),
  filter: preferencesSchema.shape.filter.unwrap().optional(),
  introduced: z.boolean().optional(),
});
export type PreferencesPatch = z.infer<typeof preferencesPatchSchema>;

// ------------------------------------------------------------------------------------------------ work list

/** One image of the work list. Its pictures are at `imageUrls(id)`. */
export const workItemSchema = z.object({
  id: imageIdSchema,
  /** File name. */
  name: z.string(),
  /** Folder it lies in, for display; null for uploads and pasted images. */
  folder: z.string().nullable(),
  bytes: z.number(),
  origin: z.enum(['disk', 'upload', 'example']),
  /** The latest result of a batch run; null before the first. */
  record: recordSchema.nullable(),
});
export type WorkItem = z.infer<typeof workItemSchema>;

/** What adding files came to. The items themselves arrive as `itemsAdded` notices, before this answer. */
export const additionSchema = z.object({
  added: z.int(),
  /** Already in the list. */
  duplicates: z.int(),
  /** Paths that cannot be used (a folder without images), and links and folders that were passed over. */
  errors: z.array(z.object({ name: z.string(), error: errorRecordSchema })),
  /** What else lay in the folders and was left out, by kind: pictures that are not read, files that are none. */
  skipped: z.array(skippedGroupSchema),
});
export type Addition = z.infer<typeof additionSchema>;

/** Several additions as one. */
export function joinAdditions(additions: readonly Addition[]): Addition {
  const sum = (count: (one: Addition) => number) => additions.reduce((total, one) => total + count(one), 0);
  return {
    added: sum(({ added }) => added),
    duplicates: sum(({ duplicates }) => duplicates),
    errors: additions.flatMap(({ errors }) => errors),
    skipped: joinGroups(additions.flatMap(({ skipped }) => skipped)),
  };
}

/** A file chosen or uploaded for an import, by its opaque id. */
export const fileReferenceSchema = z.object({ id: imageIdSchema, name: z.string(), bytes: z.number() });
export type FileReference = z.infer<typeof fileReferenceSchema>;

/** What a file is chosen for; decides the dialog's title and extensions. */
export const filePurposeSchema = z.enum(['checkpoint', 'classEmbeddings', 'prompts', 'combiners', 'card']);
export type FilePurpose = z.infer<typeof filePurposeSchema>;

/** How the names of such files end, without the dot. */
export const fileEndings: Readonly<Record<FilePurpose, readonly string[]>> = {
  checkpoint: ['pt', 'pth', 'bin', 'safetensors', 'onnx'],
  classEmbeddings: ['safetensors'],
  prompts: ['json'],
  combiners: ['safetensors'],
  card: ['md'],
};

/** An import with file ids instead of paths. */
const importSchema = importRequestSchema.extend({
  checkpoint: imageIdSchema,
  classEmbeddings: imageIdSchema.optional(),
  prompts: imageIdSchema.optional(),
  combiners: imageIdSchema.optional(),
  card: imageIdSchema.optional(),
});

/** One step of a batch run. */
export const batchStepSchema = z.object({
  image: imageIdSchema,
  record: recordSchema,
  /** Images finished so far, this one included. */
  done: z.int(),
  total: z.int(),
  /** Estimated from the images finished so far; null for the first. */
  secondsLeft: z.number().nullable(),
});

// -------------------------------------------------------------------------------------------------- session

export const engineStateSchema = z.object({
  state: z.enum(['starting', 'ready', 'restarting', 'stopped']),
  /** Restarts since the app was opened. */
  restarts: z.int(),
  /** Why it restarted or stopped; null while all is well. */
  message: z.string().nullable(),
});
export type EngineState = z.infer<typeof engineStateSchema>;

export const sessionSchema = z.object({
  version: z.string(),
  /** `electron`: a window of its own; `host`: a browser tab on loopback. */
  surface: z.enum(['electron', 'host']),
  platform: z.string(),
  /** Software versions for About and reports, e.g. { node, electron, onnxruntime }. */
  versions: z.record(z.string(), z.string()),
  /** Whether the main side can open file dialogs; without them the page uses <input type=file>. */
  dialogs: z.boolean(),
  preferences: preferencesSchema,
  /** A settings file that could not be read: set aside under this name, defaults in use. */
  preferencesProblem: z.object({ message: z.string(), setAside: z.string() }).nullable(),
  /** Where data lies, for display. */
  folders: z.object({ data: z.string(), models: z.string(), settings: z.string(), uploads: z.string() }),
  engine: engineStateSchema,
});
export type Session = z.infer<typeof sessionSchema>;

/** One third-party package of the product. */
export const licenceSchema = z.object({
  name: z.string(),
  version: z.string(),
  licence: z.string(),
  homepage: z.string().nullable(),
  /** Full licence text; null where the package ships none. */
  text: z.string().nullable(),
});
export type Licence = z.infer<typeof licenceSchema>;

/** Folders that can be shown in the file manager (Electron only). */
export const folderNameSchema = z.enum(['data', 'models', 'settings']);

/** The only addresses that the app ever hands to the browser. */
export const externalLinks = {
  isic: 'https://www.isic-archive.com/',
  paper: 'https://arxiv.org/abs/2305.09900',
  clip: 'https://arxiv.org/abs/2103.00020',
  licence: 'https://creativecommons.org/licenses/by-nc/4.0/',
} as const;
export const externalLinkSchema = z.enum(['isic', 'paper', 'clip', 'licence']);

// ------------------------------------------------------------------------------------------------ the table

const imagesSchema = z.array(imageIdSchema).min(1).max(100_000);

/** Every request of the page: what goes in, what is streamed meanwhile, what comes out. */
export const applicationContract = {
  session: { input: empty, event: z.never(), output: sessionSchema },
  licences: { input: empty, event: z.never(), output: z.array(licenceSchema) },
  /** Ends the engine if there is one, and starts it at once; its state comes as notices. */
  restartEngine: { input: empty, event: z.never(), output: empty },
  savePreferences: { input: preferencesPatchSchema, event: z.never(), output: preferencesSchema },

  models: { input: empty, event: z.never(), output: z.array(modelSummarySchema) },
  model: { input: modelRequestSchema, event: z.never(), output: modelDetailsSchema },
  verifyModel: { input: modelRequestSchema, event: z.never(), output: verificationSchema },
  removeModel: { input: modelRequestSchema, event: z.never(), output: empty },
  importModel: { input: importSchema, event: progressSchema, output: modelSummarySchema },
  /** Opens a file dialog (needs `session.dialogs`); null if dismissed. */
  chooseFile: {
    input: z.object({ purpose: filePurposeSchema }),
    event: z.never(),
    output: fileReferenceSchema.nullable(),
  },
  providers: {
    input: z.object({ model: modelIdSchema.optional() }),
    event: z.never(),
    output: z.array(providerStatusSchema),
  },

  /** The list as it stands, with results: what a reloaded page starts from. */
  workList: { input: empty, event: z.never(), output: z.array(workItemSchema) },
  /** Opens a dialog for images or for a folder (needs `session.dialogs`). */
  chooseImages: {
    input: z.object({ kind: z.enum(['files', 'folder']) }),
    event: z.never(),
    output: additionSchema,
  },
  /** Adds the example phantoms that come with the product. */
  addExamples: { input: empty, event: z.never(), output: additionSchema },
  /** Takes images off the list (never off the disk). */
  removeImages: { input: z.object({ images: imagesSchema }), event: z.never(), output: empty },

  /** Classifies images in the given order. Aborting stops within one image; finished records are kept. */
  classify: {
    input: choiceSchema.extend({ images: imagesSchema }),
    event: batchStepSchema,
    output: z.object({ classified: z.int(), failed: z.int() }),
  },
  /** One image in depth. Repeating it with other settings reuses the orbit features (cheap). */
  inspect: {
    input: choiceSchema.extend({ image: imageIdSchema }),
    event: z.never(),
    output: inspectionSchema,
  },
  turnTest: {
    input: choiceSchema.extend({ image: imageIdSchema, step: z.number().min(1).max(90) }),
    event: turnTestPointSchema,
    output: z.object({ points: z.int() }),
  },

  /** One row per image of the list that has a result or a failure; in list order. */
  exportCsv: { input: z.object({ images: imagesSchema }), event: z.never(), output: exportResultSchema },
  exportJson: { input: z.object({ images: imagesSchema }), event: z.never(), output: exportResultSchema },
  /** One page on one image: PDF in Electron, a print view in the browser. */
  exportReport: {
    input: choiceSchema.extend({ image: imageIdSchema }),
    event: z.never(),
    output: exportResultSchema,
  },
  /** The result of one image in words. `copied` is false where the page must put it on the clipboard itself. */
  copyText: {
    input: choiceSchema.extend({ image: imageIdSchema }),
    event: z.never(),
    output: z.object({ text: z.string(), copied: z.boolean() }),
  },

  ...jobRequests,

  /** Opens one of `externalLinks` in the default browser (Electron; in the browser the page links to it). */
  openLink: { input: z.object({ link: externalLinkSchema }), event: z.never(), output: empty },
  /** Shows one of the app's folders in the file manager (Electron). */
  showFolder: { input: z.object({ folder: folderNameSchema }), event: z.never(), output: empty },
} as const;
export type ApplicationRequest = keyof typeof applicationContract;
/** The input as it is after its schema has run. */
export type CheckedInput<Name extends ApplicationRequest> = z.output<
  (typeof applicationContract)[Name]['input']
>;
export type ApplicationEvent<Name extends ApplicationRequest> = z.infer<
  (typeof applicationContract)[Name]['event']
>;
export type ApplicationOutput<Name extends ApplicationRequest> = z.infer<
  (typeof applicationContract)[Name]['output']
>;

/** Screens that the menu can open. */
export const viewNameSchema = z.enum(screens.map(({ name }) => name));
export type { ViewName } from './screens.ts';

/** What the main side tells every connected page unasked. */
export const noticeSchema = z.discriminatedUnion('kind', [
  /** Images were added: by this page, by the menu, or by "open with". */
  z.object({ kind: z.literal('itemsAdded'), items: z.array(workItemSchema) }),
  z.object({ kind: z.literal('itemsRemoved'), images: z.array(imageIdSchema) }),
  z.object({ kind: z.literal('engine'), engine: engineStateSchema }),
  z.object({ kind: z.literal('preferences'), preferences: preferencesSchema }),
  /** Models were imported or removed: ask for `models` again. */
  z.object({ kind: z.literal('modelsChanged') }),
  ...jobNoticeSchemas,
  /** A menu command: open a screen. */
  z.object({ kind: z.literal('openView'), view: viewNameSchema }),
  /** A menu command that the page carries out with its own state (selection, running batch). */
  z.object({
    kind: z.literal('command'),
    command: z.enum([
      'openFiles',
      'openFolder',
      'classifyAll',
      'cancel',
      'exportCsv',
      'exportJson',
      'exportReport',
    ]),
  }),
]);
export type Notice = z.infer<typeof noticeSchema>;

/** How a client calls the application, over whichever transport. */
export type ApplicationApi = Pick<ContractApi<typeof applicationContract>, 'call'>;

/**
 * Relative URLs of an image's pictures, the same under app:// and http. They answer 404 with no body for a
 * file that is not a readable image.
 * - `thumbnail`: small, whole image within a square.
 * - `square`: exactly the crop that the model sees, before it is scaled down; at most 1024 pixels a side.
 * - `turned(angle)`: the square turned counter-clockwise, with the turn test's circular mask.
 */
export function imageUrls(id: string): {
  readonly thumbnail: string;
  readonly whole: string;
  readonly square: string;
  readonly turned: (angle: number) => string;
} {
  return {
    thumbnail: `image/${id}/thumbnail`,
    whole: `image/${id}/whole`,
    square: `image/${id}/square`,
    turned: (angle) => `image/${id}/turned/${String(angle)}`,
  };
}

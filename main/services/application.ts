// The application: one implementation of the contract, on top of an engine, for the window and for the browser.
import { release } from 'node:os';
import { join } from 'node:path';
import {
  applicationContract,
  type ApplicationApi,
  type Addition,
  type FileReference,
  type Notice,
  type WorkItem,
} from '../contract/application.ts';
import type { ErrorRecord } from '../contract/error-record.ts';
import { asDermOrbitError, DermOrbitError } from '../contract/errors.ts';
import type { JobsApi } from '../contract/jobs.ts';
import { groupSkipped } from '../contract/skipped.ts';
import type { Readable } from 'node:stream';
import type { ApplicationFolders, Context } from './context.ts';
import { Documents } from './documents.ts';
import type { WatchedEngine } from './engine-watch.ts';
import { findImages } from './find-images.ts';
import { EvaluatedImages } from './evaluated-images.ts';
import { DataReferences } from './data-references.ts';
import { Evaluations } from '../evaluation/store/evaluations.ts';
import { JobBoard } from '../jobs/board.ts';
import type { ImagePictures } from './picture-maker.ts';
import { PictureCache } from './pictures.ts';
import { dispatch } from '../rpc/dispatch.ts';
import { handlers, referTo } from './requests.ts';
import { openSettings, type SettingsStore } from './settings-store.ts';
import type { Surface } from './surface.ts';
import { openUploads } from './uploads.ts';
import { WorkList } from './work-list.ts';

export interface ApplicationOptions {
  readonly version: string;
  readonly folders: ApplicationFolders;
  readonly engine: WatchedEngine;
  readonly jobs: JobsApi;
  /** Folders of labelled images that the page may choose by name; by default none. */
  readonly dataRoots?: readonly string[];
  readonly pictures: ImagePictures;
  /** Made once the documents exist that it may hand out. */
  readonly surface: (documents: Documents) => Surface;
  /** Parent of the private folder for uploads; by default the system's temporary folder. */
  readonly temporaryFolder?: string;
}

export interface Application {
  readonly settings: SettingsStore;
  readonly list: WorkList;
  readonly pictures: PictureCache;
  readonly documents: Documents;
  /** Answers one request of the page. The input is checked here; the answer is of the contract's type. */
  call: ApplicationApi['call'];
  /** Returns a function that ends the subscription. */
  onNotice(listener: (notice: Notice) => void): () => void;
  /** Tells every page something (menu commands). */
  notify(notice: Notice): void;
  /** Adds files and folders by path: from dialogs, drops and the command line; never from a page's words. */
  addPaths(paths: readonly string[], signal?: AbortSignal): Promise<Addition>;
  /** Adds an image that came as bytes. */
  addUpload(name: string, body: Readable | Uint8Array): Promise<Addition>;
  /** Takes a file for an import that came as bytes. */
  addFile(name: string, body: Readable | Uint8Array): Promise<FileReference>;
  /** Takes a file for an import by its path. */
  referTo(path: string): Promise<FileReference>;
  /** Takes one file of a labelled folder that the page began with `newDataFolder`. */
  addToDataFolder(id: string, path: string, body: Readable): Promise<void>;
  /** The file behind an image id, of the list or of an evaluation; undefined if there is none. */
  imagePath(id: string): string | undefined;
  /** Ends engine and jobs and removes the uploads. */
  close(): Promise<void>;
}

/** Items per notice, so that a folder of thousands is not one message of megabytes. */
const itemsPerNotice = 200;
const largestImage = 512 * 1024 * 1024;
const largestFile = 16 * 1024 * 1024 * 1024;

/** Opens the application: reads the settings, makes the uploads folder. */
export async function openApplication(options: ApplicationOptions): Promise<Application> {
  const { folders, engine, version } = options;
  const settings = await openSettings(folders.settingsFile);
  const uploads = await openUploads(options.temporaryFolder);
  const documents = new Documents();
  const list = new WorkList();
  const pictures = new PictureCache(options.pictures);
  const listeners = new Set<(notice: Notice) => void>();
  const notify = (notice: Notice): void => {
    for (const listener of listeners) listener(notice);
  };

  async function addPaths(
    paths: readonly string[],
    origin: WorkItem['origin'],
    signal?: AbortSignal,
  ): Promise<Addition> {
    const { found, errors, skipped } = await findImages(paths, signal);
    const items = found
      .map(({ path, bytes }) => list.add({ path, bytes, origin }))
      .filter((item): item is WorkItem => item !== null);
    for (let start = 0; start < items.length; start += itemsPerNotice) {
      notify({ kind: 'itemsAdded', items: items.slice(start, start + itemsPerNotice) });
    }
    // What lies beside the examples is no business of the person's.
    const told = origin === 'example' ? [] : groupSkipped(skipped);
    return { added: items.length, duplicates: found.length - items.length, errors, skipped: told };
  }

  /** Where uploads lie is a detail of ours, which no answer tells. */
  const concealed = (thrown: unknown): DermOrbitError => {
    const error = asDermOrbitError(thrown);
    const message = uploads.conceal(error.message);
    return message === error.message ? error : new DermOrbitError(error.code, message, { cause: thrown });
  };

  const surface = options.surface(documents);
  const context: Context = {
    version,
    versions: { ...ownVersions(), ...surface.versions },
    folders,
    engine,
    surface,
    settings,
    uploads,
    list,
    files: new Map(),
    data: new DataReferences(),
    dataRoots: options.dataRoots ?? [],
    jobs: { api: options.jobs, board: new JobBoard(notify) },
    evaluations: new Evaluations(join(folders.data, 'evaluations')),
    evaluatedImages: new EvaluatedImages(),
    pictures,
    documents,
    notify,
    addPaths,
  };
  await context.evaluations.sweep();
  engine.watch((state) => {
    notify({ kind: 'engine', engine: state });
  });

  return {
    settings,
    list,
    pictures,
    documents,
    call: async (request, input, options) => {
      try {
        return await dispatch(applicationContract, handlers, context, request, input, options);
      } catch (thrown) {
        throw concealed(thrown);
      }
    },
    onNotice: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    notify,
    addPaths: (paths, signal) => addPaths(paths, 'disk', signal),
    addUpload: async (name, body) => {
      const path = await uploads.receive(name, body, largestImage, 'IMAGE_TOO_LARGE');
      const addition = await addPaths([path], 'upload');
      const hidden = (error: ErrorRecord) => ({ ...error, message: uploads.conceal(error.message) });
      return { ...addition, errors: addition.errors.map((one) => ({ ...one, error: hidden(one.error) })) };
    },
    addFile: async (name, body) => {
      return referTo(context, await uploads.receive(name, body, largestFile, 'CHECKPOINT_UNRECOGNISED'));
    },
    referTo: (path) => referTo(context, path),
    addToDataFolder: (id, path, body) =>
      uploads.receiveInto(context.data.pathOf(id, 'folder'), path, body, largestImage),
    imagePath: (id) => (list.has(id) ? list.pathOf(id) : context.evaluatedImages.pathOf(id)),
    close: async () => {
      listeners.clear();
      await options.jobs.close();
      await engine.api.close();
      await uploads.close();
    },
  };
}

function ownVersions(): Record<string, string> {
  return { node: process.versions.node, system: `${process.platform} ${release()} ${process.arch}` };
}

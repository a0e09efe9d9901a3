// What the parts of the application service share.
import type { Addition, Notice } from '../contract/application.ts';
import type { JobsApi } from '../contract/jobs.ts';
import type { Documents } from './documents.ts';
import type { WatchedEngine } from './engine-watch.ts';
import type { JobBoard } from '../jobs/board.ts';
import type { EvaluatedImages } from './evaluated-images.ts';
import type { DataReferences } from './data-references.ts';
import type { Evaluations } from '../evaluation/store/evaluations.ts';
import type { PictureCache } from './pictures.ts';
import type { SettingsStore } from './settings-store.ts';
import type { Surface } from './surface.ts';
import type { Uploads } from './uploads.ts';
import type { WorkList } from './work-list.ts';

export interface ApplicationFolders {
  /** Everything of the app's own: settings, imported models. */
  readonly data: string;
  readonly models: string;
  readonly settingsFile: string;
  /** Example phantoms. */
  readonly examples: string;
  /** JSON list of third-party licences. */
  readonly licencesFile: string;
}

export interface Context {
  readonly version: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly folders: ApplicationFolders;
  readonly engine: WatchedEngine;
  readonly surface: Surface;
  readonly settings: SettingsStore;
  readonly uploads: Uploads;
  readonly list: WorkList;
  /** Files for imports: id -> path. */
  readonly files: Map<string, string>;
  /** Labelled data that the page may name. */
  readonly data: DataReferences;
  readonly dataRoots: readonly string[];
  readonly jobs: { readonly api: JobsApi; readonly board: JobBoard };
  readonly evaluations: Evaluations;
  readonly evaluatedImages: EvaluatedImages;
  readonly pictures: PictureCache;
  readonly documents: Documents;
  notify(notice: Notice): void;
  addPaths(
    paths: readonly string[],
    origin: 'disk' | 'upload' | 'example',
    signal?: AbortSignal,
  ): Promise<Addition>;
}

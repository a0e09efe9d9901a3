// What the requests about jobs need of the application around them: the services' context has it all.
import type { DataChoice } from '../../contract/application-jobs.ts';
import type { Notice } from '../../contract/application.ts';
import type { JobsApi } from '../../contract/jobs.ts';
import type { DatasetSource } from '../../contract/dataset.ts';
import type { Evaluations } from '../../evaluation/store/evaluations.ts';
import type { JobBoard } from '../board.ts';

export interface JobContext {
  readonly folders: {
    /** Runs, caches and evaluations lie in it. */
    readonly data: string;
  };
  readonly jobs: { readonly api: JobsApi; readonly board: JobBoard };
  readonly evaluations: Evaluations;
  readonly data: {
    /** The paths behind ids that the page was given. @throws DermOrbitError DATASET_NOT_FOUND */
    sourceOf(choice: DataChoice): DatasetSource;
  };
  readonly evaluatedImages: {
    /** The id by which the page can have the pictures of a file. */
    idOf(path: string): string;
  };
  notify(notice: Notice): void;
}

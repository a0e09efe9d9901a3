// What a person chose to evaluate or to train on.
import type { DataReference } from '../../main/contract/application-jobs.ts';

/** A labelled set as it is being chosen. */
export interface ChosenData {
  readonly images: DataReference;
  readonly labels: DataReference | null;
  readonly lesions: DataReference | null;
}

// Folders and tables of labelled data that the page may name: the only place where their ids and paths meet. They come
// from dialogs, from uploads, from what the host was started with, and from looking into such a folder.
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { DataChoice, DataFolder, DataReference } from '../contract/application-jobs.ts';
import { DermOrbitError } from '../contract/errors.ts';
import type { DatasetSource } from '../contract/dataset.ts';
import { newId } from '../base/ids.ts';

/** Entries of one folder that are offered; what holds more is a folder of images, not of sets. */
const offered = 500;

interface Entry {
  readonly path: string;
  readonly reference: DataReference;
}

export class DataReferences {
  readonly #byId = new Map<string, Entry>();
  readonly #byPath = new Map<string, Entry>();

  /** The reference of a path; the same one each time. */
  refer(path: string, kind: DataReference['kind']): DataReference {
    const known = this.#byPath.get(path);
    if (known) return known.reference;
    const entry = { path, reference: { id: newId(), name: basename(path), kind } };
    this.#byId.set(entry.reference.id, entry);
    this.#byPath.set(path, entry);
    return entry.reference;
  }

  /** @throws DermOrbitError DATASET_NOT_FOUND for ids that no one gave out, or that stand for something else */
  pathOf(id: string, kind: DataReference['kind']): string {
    const entry = this.#byId.get(id);
    if (entry?.reference.kind !== kind) {
      throw new DermOrbitError(
        'DATASET_NOT_FOUND',
        `The chosen ${kind} is no longer known; choose it again.`,
      );
    }
    return entry.path;
  }

  /** @throws DermOrbitError DATASET_NOT_FOUND */
  sourceOf({ images, labels, lesions }: DataChoice): DatasetSource {
    const table = (id: string | null) => (id === null ? null : this.pathOf(id, 'table'));
    return { images: this.pathOf(images, 'folder'), labels: table(labels), lesions: table(lesions) };
  }

  /**
   * What lies directly in a folder. Links are not followed: they could lead anywhere.
   * @throws DermOrbitError DATASET_NOT_FOUND
   */
  async contents(id: string): Promise<DataFolder> {
    const path = this.pathOf(id, 'folder');
    const entries = await readdir(path, { withFileTypes: true }).catch((thrown: unknown) => {
      const message = `${basename(path)} cannot be read.`;
      throw new DermOrbitError('DATASET_NOT_FOUND', message, { cause: thrown });
    });
    const visible = entries.filter(({ name }) => !name.startsWith('.'));
    visible.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
    const folders = visible.filter((entry) => entry.isDirectory()).slice(0, offered);
    const tables = visible.filter((entry) => entry.isFile() && /\.csv$/i.test(entry.name)).slice(0, offered);
    return {
      folders: folders.map(({ name }) => this.refer(join(path, name), 'folder')),
      tables: tables.map(({ name }) => this.refer(join(path, name), 'table')),
    };
  }
}

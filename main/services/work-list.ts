// The images of this session: the only place where an image id and its path meet.
import { basename, dirname } from 'node:path';
import type { WorkItem } from '../contract/application.ts';
import { DermOrbitError } from '../contract/errors.ts';
import type { ClassificationRecord } from '../contract/record.ts';
import { newId } from '../base/ids.ts';

interface Entry {
  readonly path: string;
  item: WorkItem;
}

/** A file to add to the list. */
export interface FoundImage {
  readonly path: string;
  readonly bytes: number;
  readonly origin: WorkItem['origin'];
}

export class WorkList {
  readonly #entries = new Map<string, Entry>();
  readonly #paths = new Set<string>();

  /** The new item, or null if the file is in the list already. */
  add(found: FoundImage): WorkItem | null {
    if (this.#paths.has(found.path)) return null;
    const item: WorkItem = {
      id: newId(),
      name: basename(found.path),
      folder: found.origin === 'disk' ? dirname(found.path) : null,
      bytes: found.bytes,
      origin: found.origin,
      record: null,
    };
    this.#paths.add(found.path);
    this.#entries.set(item.id, { path: found.path, item });
    return item;
  }

  /** Returns the paths of what was removed; unknown ids are passed over. */
  remove(ids: readonly string[]): string[] {
    const paths: string[] = [];
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry === undefined) continue;
      this.#entries.delete(id);
      this.#paths.delete(entry.path);
      paths.push(entry.path);
    }
    return paths;
  }

  items(): WorkItem[] {
    return [...this.#entries.values()].map((entry) => entry.item);
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** @throws DermOrbitError IMAGE_NOT_FOUND if the list has no such image */
  pathOf(id: string): string {
    return this.#entry(id).path;
  }

  /** @throws DermOrbitError IMAGE_NOT_FOUND */
  item(id: string): WorkItem {
    return this.#entry(id).item;
  }

  /** Keeps a result; passes over images that have been removed meanwhile. */
  keep(id: string, record: ClassificationRecord): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.item = { ...entry.item, record };
  }

  /**
   * A record as the person knows the image: for uploads and examples, whose path is a detail of ours, the path
   * is the file's name, in what an error says as well.
   */
  shown<R extends ClassificationRecord>(id: string, record: R): R {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.item.origin === 'disk') return record;
    const { item, path } = entry;
    const shown = { ...record, image: { ...record.image, path: item.name } };
    if (!('error' in record)) return shown;
    const message = record.error.message.replaceAll(path, item.name);
    return { ...shown, error: { ...record.error, message } };
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      throw new DermOrbitError('IMAGE_NOT_FOUND', 'This image is no longer in the list.');
    }
    return entry;
  }
}

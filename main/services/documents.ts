// Exports that wait to be fetched: downloads and print views, by id, the most recent few.
import { LRUCache } from 'lru-cache';
import { newId } from '../base/ids.ts';
import type { ExportDocument } from './surface.ts';

const maxDocuments = 16;

export class Documents {
  readonly #documents = new LRUCache<string, ExportDocument>({ max: maxDocuments });

  /** Returns the document's id. */
  add(document: ExportDocument): string {
    const id = newId();
    this.#documents.set(id, document);
    return id;
  }

  get(id: string): ExportDocument | undefined {
    return this.#documents.get(id);
  }
}

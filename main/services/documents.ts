// Exports that wait to be fetched: downloads and print views, by id, the most recent few.
import type { ExportDocument } from './surface.ts';
import { newId } from '../base/ids.ts';

const kept = 16;

export class Documents {
  readonly #documents = new Map<string, ExportDocument>();

  /** Returns the document's id. */
  add(document: ExportDocument): string {
    const id = newId();
    this.#documents.set(id, document);
    for (const oldest of this.#documents.keys()) {
      if (this.#documents.size <= kept) break;
      this.#documents.delete(oldest);
    }
    return id;
  }

  get(id: string): ExportDocument | undefined {
    return this.#documents.get(id);
  }
}

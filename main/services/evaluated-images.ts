// Pictures of labelled images that a page looks at: ids for the files behind a finished evaluation, of this session.
import { newId } from '../base/ids.ts';

export class EvaluatedImages {
  readonly #ids = new Map<string, string>();
  readonly #paths = new Map<string, string>();

  /** The id of a file; the same one each time. */
  idOf(path: string): string {
    const known = this.#ids.get(path);
    if (known !== undefined) return known;
    const id = newId();
    this.#ids.set(path, id);
    this.#paths.set(id, path);
    return id;
  }

  pathOf(id: string): string | undefined {
    return this.#paths.get(id);
  }
}

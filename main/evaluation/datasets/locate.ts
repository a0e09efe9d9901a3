// Which file a table means: its own spelling first, then the spellings that other systems and programs make of it -
// another case, decomposed letters (macOS), no extension, no folder, a folder above the chosen one.
import { stemOf, type ImageIndex } from './images.ts';

/** What one name of a table stands for. */
type Located =
  | {
      readonly kind: 'found';
      readonly path: string;
      readonly others: readonly string[];
      /** Whether the name says another folder than the file's: it is only meant if no label names the file itself. */
      readonly elsewhere: boolean;
    }
  /** More than one file could be meant by a name that is none of theirs. */
  | { readonly kind: 'several'; readonly paths: readonly string[] }
  | { readonly kind: 'none' };

const folded = (text: string) => text.normalize('NFC').toLowerCase();
const withoutExtension = (path: string) => path.replace(/(?<=[^/])\.[^./]*$/, '');
const fileOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);

/** How a path is abbreviated, the nearest to the whole first. */
const abbreviations: readonly ((path: string) => string)[] = [
  (path) => path,
  withoutExtension,
  fileOf,
  stemOf,
];

/** Finds the files of a folder by the names that a table gives them. */
export class Locator {
  readonly #images: ImageIndex;
  /** One table per abbreviation, made when the first name needs it. */
  readonly #tables: (Map<string, string[]> | undefined)[] = [];

  constructor(images: ImageIndex) {
    this.#images = images;
  }

  /**
   * The file whose own spelling this is.
   * @param isPath whether the name is a path inside the folder; otherwise it is a file name without extension
   */
  exact(name: string, isPath: boolean): Located {
    const [path, ...others] = isPath
      ? this.#images.byPath.has(name)
        ? [name]
        : []
      : (this.#images.byStem.get(name) ?? []);
    return path === undefined ? { kind: 'none' } : { kind: 'found', path, others, elsewhere: false };
  }

  /** The only file that this may be another spelling of. */
  near(name: string): Located {
    const parts = folded(name).split('/');
    for (let above = 0; above < parts.length; above++) {
      const tail = parts.slice(above).join('/');
      // A bare file name may lie in any folder; a path with folders says where.
      const kinds = parts.length === 1 ? abbreviations.length : 2;
      for (let kind = 0; kind < kinds; kind++) {
        const paths = this.#table(kind).get(tail) ?? [];
        const elsewhere = above > 0 || kind >= 2;
        if (paths.length === 1) return { kind: 'found', path: paths[0]!, others: [], elsewhere };
        if (paths.length > 1) return { kind: 'several', paths };
      }
    }
    return { kind: 'none' };
  }

  #table(kind: number): Map<string, string[]> {
    const known = this.#tables[kind];
    if (known) return known;
    const table = new Map<string, string[]>();
    for (const path of this.#images.byPath.keys()) {
      const key = folded(abbreviations[kind]!(path));
      const others = table.get(key);
      if (others) others.push(path);
      else table.set(key, [path]);
    }
    return (this.#tables[kind] = table);
  }
}

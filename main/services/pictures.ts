// The pictures of an image that the page shows, made when asked for and kept while they are recent.
import { LRUCache } from 'lru-cache';
import type { ImagePictures, Picture } from './picture-maker.ts';

/** Which picture: see `imageUrls` in main/contract/application.ts. */
export type PictureKind =
  | { readonly kind: 'thumbnail' }
  | { readonly kind: 'whole' }
  | { readonly kind: 'square' }
  | { readonly kind: 'turned'; readonly angle: number };

/** Bytes of encoded pictures that are kept: about 10,000 thumbnails. */
const maxPictureBytes = 64 * 1024 * 1024;
/** Pictures made at once; inference needs the other cores. */
const atOnce = 2;

/** Makes pictures a few at a time, each once, the ones asked for last first (those are in view). */
export class PictureCache {
  readonly #make: ImagePictures;
  readonly #kept = new LRUCache<string, Picture>({
    maxSize: maxPictureBytes,
    sizeCalculation: ({ bytes }) => Math.max(1, bytes.length),
  });
  readonly #underway = new Map<string, Promise<Picture>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(make: ImagePictures) {
    this.#make = make;
  }

  /** @throws DermOrbitError as imaging does, if the file cannot be read as an image */
  async get(path: string, which: PictureKind): Promise<Picture> {
    const key = JSON.stringify([path, which]);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const underway = this.#underway.get(key);
    if (underway !== undefined) return underway;
    const making = this.#turn(() => this.#made(path, which));
    this.#underway.set(key, making);
    try {
      const picture = await making;
      this.#kept.set(key, picture);
      return picture;
    } finally {
      this.#underway.delete(key);
    }
  }

  #made(path: string, which: PictureKind): Promise<Picture> {
    if (which.kind === 'thumbnail') return this.#make.thumbnail(path);
    if (which.kind === 'whole') return this.#make.whole(path);
    if (which.kind === 'square') return this.#make.square(path);
    return this.#make.turned(path, which.angle);
  }

  async #turn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= atOnce) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    } else {
      this.#running++;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.pop();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}

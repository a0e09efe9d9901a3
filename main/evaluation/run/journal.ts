// What was measured, on disk as it comes in: one JSON line per image, so that an interrupted run goes on where it
// ended. A journal belongs to one model with one plan (its name carries their hash), and images are found by
// their bytes. A torn last line, or one that does not fit, is measured again.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { asDermOrbitError, DermOrbitError } from '../../contract/errors.ts';
import type { Layout, MeasuredImage } from './views.ts';

/** Everything on which the numbers of an image depend, beside its bytes. */
export type JournalKey = Readonly<Record<string, unknown>>;

/** What one read can hold; 10,000 images of 100 classes with every method take 0.3 GB. */
const maximumBytes = 2 * 1024 ** 3 - 1;

const lineSchema = z.strictObject({
  image: z.string().regex(/^[0-9a-f]{64}$/),
  probabilities: z.base64(),
  weights: z.base64(),
  check: z.base64().nullable(),
});

export class Journal {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #images: Map<string, MeasuredImage>;

  private constructor(path: string, file: FileHandle, images: Map<string, MeasuredImage>) {
    this.path = path;
    this.#file = file;
    this.#images = images;
  }

  /**
   * Opens or begins the journal of a plan.
   * @param folder created if need be
   * @throws DermOrbitError WRITE_FAILED, DISK_FULL
   */
  static async open(folder: string, name: string, key: JournalKey, layout: Layout): Promise<Journal> {
    const header = JSON.stringify({ journal: 1, ...key });
    const hash = createHash('sha256').update(header).digest('hex').slice(0, 16);
    const path = join(folder, `${name}-${hash}.jsonl`);
    try {
      await mkdir(dirname(path), { recursive: true });
      const { images, validBytes } = await readJournal(path, header, layout);
      const file = await open(path, 'a');
      await file.truncate(validBytes);
      if (validBytes === 0) await file.appendFile(`${header}\n`);
      return new Journal(path, file, images);
    } catch (thrown) {
      throw asDermOrbitError(thrown, 'WRITE_FAILED');
    }
  }

  get(sha256: string): MeasuredImage | undefined {
    return this.#images.get(sha256);
  }

  /** @throws DermOrbitError WRITE_FAILED, DISK_FULL */
  async append(sha256: string, image: MeasuredImage): Promise<void> {
    const line = {
      image: sha256,
      probabilities: toBase64(image.probabilities),
      weights: toBase64(image.weights),
      check: image.check && toBase64(image.check),
    };
    try {
      await this.#file.appendFile(`${JSON.stringify(line)}\n`);
    } catch (thrown) {
      throw asDermOrbitError(thrown, 'WRITE_FAILED');
    }
    this.#images.set(sha256, image);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** What a file holds of this plan, and how many of its bytes are whole lines. */
async function readJournal(
  path: string,
  header: string,
  layout: Layout,
): Promise<{ images: Map<string, MeasuredImage>; validBytes: number }> {
  const images = new Map<string, MeasuredImage>();
  const bytes = await readIfThere(path);
  const validBytes = bytes.lastIndexOf(0x0a) + 1;
  const [first, ...lines] = linesOf(bytes.subarray(0, validBytes));
  if (first !== header) return { images, validBytes: 0 };
  for (const line of lines) {
    const found = parseLine(line, layout);
    if (found) images.set(...found);
  }
  return { images, validBytes };
}

/** Line by line: the whole file may be longer than the longest string. */
function* linesOf(bytes: Buffer): Generator<string> {
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0x0a, start);
    yield bytes.toString('utf8', start, end);
    start = end + 1;
  }
}

async function readIfThere(path: string): Promise<Buffer> {
  if (!existsSync(path)) return Buffer.alloc(0);
  const { size } = await stat(path);
  if (size > maximumBytes) {
    throw new DermOrbitError('DATASET_TOO_LARGE', `${path} has ${size} bytes and cannot be continued.`);
  }
  return readFile(path);
}

function parseLine(line: string, layout: Layout): [string, MeasuredImage] | null {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return null;
  }
  const parsed = lineSchema.safeParse(json);
  if (!parsed.success) return null;
  const { image, probabilities, weights, check } = parsed.data;
  const measured = {
    probabilities: fromBase64(probabilities, layout.probabilities),
    weights: fromBase64(weights, layout.weights),
    check: check === null ? null : fromBase64(check, 2 * layout.rows.length),
  };
  if (!measured.probabilities || !measured.weights || (check !== null && !measured.check)) return null;
  return [image, { probabilities: measured.probabilities, weights: measured.weights, check: measured.check }];
}

function toBase64({ buffer, byteOffset, byteLength }: Float64Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

/** Exactly `count` finite numbers, or null. */
function fromBase64(text: string, count: number): Float64Array | null {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== count * 8) return null;
  const numbers = new Float64Array(count);
  new Uint8Array(numbers.buffer).set(bytes);
  return numbers.every(Number.isFinite) ? numbers : null;
}

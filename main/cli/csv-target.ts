// The file of --csv: tried before the work begins, written whole when it ends.
import { rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DermOrbitError } from '../contract/errors.ts';
import type { ClassificationRecord } from '../contract/record.ts';
import { recordsToCsv, type CsvReader } from '../reports/csv.ts';
import { writeFileAtomic } from '../base/durable-files.ts';

export class CsvTarget {
  readonly #path: string;
  readonly #reader: CsvReader;

  private constructor(path: string, reader: CsvReader) {
    this.#path = path;
    this.#reader = reader;
  }

  /**
   * Makes sure that the file can be written, so that nobody learns after hours of work that it cannot. A file
   * that is there already stays as it is until `write`.
   * @throws DermOrbitError OPTION_INVALID (no name, or the name of something other than a file), WRITE_FAILED, DISK_FULL
   */
  static async open(path: string, reader: CsvReader = 'any'): Promise<CsvTarget> {
    if (path === '') throw new DermOrbitError('OPTION_INVALID', '--csv needs the name of a file.');
    const existing = await stat(path).catch(() => null);
    if (existing && !existing.isFile()) {
      // Writing whole means renaming, which would put a file in the place of a device.
      const kind = existing.isDirectory() ? 'a folder' : 'a device, pipe or socket';
      throw new DermOrbitError('OPTION_INVALID', `--csv: ${path} is ${kind}, not a file.`);
    }
    const attempt = join(dirname(path), `.${basename(path)}.${process.pid}.attempt`);
    await writeFileAtomic(attempt, '');
    await rm(attempt, { force: true });
    return new CsvTarget(path, reader);
  }

  /** @throws DermOrbitError WRITE_FAILED or DISK_FULL; the old file, if any, is then unchanged */
  async write(records: readonly ClassificationRecord[]): Promise<void> {
    await writeFileAtomic(this.#path, recordsToCsv(records, this.#reader));
  }
}

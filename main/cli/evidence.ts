// Evidence maps as files: a picture for people and the numbers for programs, named after their image.
import { mkdir, stat } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { asDermOrbitError, DermOrbitError } from '../contract/errors.ts';
import { rankClasses, type Classification, type Evidence } from '../contract/record.ts';
import { overlayEvidence } from '../imaging/evidence.ts';
import { readImageFile } from '../imaging/file.ts';
import { preprocess } from '../imaging/preprocess.ts';
import { writeFileAtomic } from '../base/durable-files.ts';

/** Side of the pictures: large enough to see the lesion, whatever the model's input is. */
const pictureSize = 512;

export class EvidenceWriter {
  readonly #folder: string;
  readonly #names = new Map<string, number>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws DermOrbitError OPTION_INVALID if it is a file, WRITE_FAILED if the folder cannot be made */
  static async open(folder: string): Promise<EvidenceWriter> {
    if (
      await stat(folder).then(
        (found) => !found.isDirectory(),
        () => false,
      )
    ) {
      throw new DermOrbitError('OPTION_INVALID', `--evidence: ${folder} is a file, not a folder.`);
    }
    await mkdir(folder, { recursive: true }).catch((error: unknown) => {
      throw asDermOrbitError(error, 'WRITE_FAILED');
    });
    return new EvidenceWriter(folder);
  }

  /** Writes NAME.evidence.png (the top class over the image's square) and NAME.evidence.json (every class). */
  async write({ image, model, probabilities }: Classification, evidence: Evidence): Promise<void> {
    const topClass = rankClasses(probabilities)[0]?.code ?? '';
    const file = await readImageFile(image.path);
    const { square } = await preprocess(file, pictureSize);
    const cells = evidence.cells[evidence.classes.indexOf(topClass)]!;
    const picture = await overlayEvidence(square, pictureSize, cells, evidence.size);
    const stem = join(this.#folder, this.#uniqueName(parse(image.path).name));
    await writeFileAtomic(`${stem}.evidence.png`, picture);
    const document = { image, model, shown: topClass, ...evidence };
    await writeFileAtomic(`${stem}.evidence.json`, `${JSON.stringify(document)}\n`);
  }

  /** Images of one name from several folders do not overwrite each other's maps. */
  #uniqueName(name: string): string {
    const count = (this.#names.get(name) ?? 0) + 1;
    this.#names.set(name, count);
    return count === 1 ? name : `${name}-${count}`;
  }
}

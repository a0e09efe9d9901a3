// Collects what is noticed while a set is read: subjects by code, one problem per code at the end.
import type { ErrorCode } from '../../contract/error-texts/table.ts';
import type { Problem } from '../../contract/problem.ts';
import { countWords, type SkipCode, type Skipped } from '../../contract/skipped.ts';
import { listed } from '../csv.ts';

type Count = (count: number) => string;
const plural =
  (one: string, many: string): Count =>
  (count) =>
    count === 1 ? `1 ${one}` : `${count} ${many}`;

interface Row {
  readonly text: Count;
  /** Whether the subjects are left out of the set. */
  readonly excluded: boolean;
}

/** A file that lies among the images and is none, or none that is read. */
const unread = (code: SkipCode): Row => ({
  text: (count) => `${countWords(code, count)} ${count === 1 ? 'is' : 'are'} not read`,
  excluded: true,
});

/** How each problem of a set is said, and whether it costs images. */
const table = {
  IMAGE_NAME_MISSING: { text: plural('row names no image', 'rows name no image'), excluded: true },
  IMAGE_DUPLICATE: {
    text: plural('image is labelled twice, alike', 'images are labelled twice, alike'),
    excluded: false,
  },
  IMAGE_AMBIGUOUS: {
    text: plural('name belongs to several files', 'names belong to several files'),
    excluded: false,
  },
  IMAGE_OUTSIDE_FOLDER: {
    text: plural('path leads out of the folder', 'paths lead out of the folder'),
    excluded: true,
  },
  IMAGE_HEIC: unread('IMAGE_HEIC'),
  IMAGE_AVIF: unread('IMAGE_AVIF'),
  IMAGE_DICOM: unread('IMAGE_DICOM'),
  IMAGE_GIF: unread('IMAGE_GIF'),
  IMAGE_JPEG_2000: unread('IMAGE_JPEG_2000'),
  IMAGE_JPEG_XL: unread('IMAGE_JPEG_XL'),
  IMAGE_RAW: unread('IMAGE_RAW'),
  IMAGE_PHOTOSHOP: unread('IMAGE_PHOTOSHOP'),
  IMAGE_VIDEO: unread('IMAGE_VIDEO'),
  IMAGE_LFS_POINTER: unread('IMAGE_LFS_POINTER'),
  IMAGE_EMPTY: unread('IMAGE_EMPTY'),
  IMAGE_UNREADABLE: unread('IMAGE_UNREADABLE'),
  IMAGE_UNRECOGNISED: unread('IMAGE_UNRECOGNISED'),
  IMAGE_LINK: { text: plural('link is not followed', 'links are not followed'), excluded: true },
  IMAGE_WITHOUT_LABEL: { text: plural('image has no label', 'images have no label'), excluded: true },
  LABEL_WITHOUT_IMAGE: { text: plural('label has no image', 'labels have no image'), excluded: true },
  LABEL_MISSING: { text: plural('row names no class', 'rows name no class'), excluded: true },
  LABEL_SEVERAL: {
    text: plural('row names more than one class', 'rows name more than one class'),
    excluded: true,
  },
  LABEL_VALUE: {
    text: plural('row has labels other than 0 and 1', 'rows have labels other than 0 and 1'),
    excluded: true,
  },
  LABEL_CONFLICT: {
    text: plural('image has contradicting labels', 'images have contradicting labels'),
    excluded: true,
  },
  WEIGHT_INVALID: {
    text: plural('row has an invalid weight', 'rows have an invalid weight'),
    excluded: true,
  },
  CLASS_UNKNOWN: {
    text: plural('image has an unknown class', 'images have an unknown class'),
    excluded: true,
  },
  CLASS_SYNONYM: {
    text: plural('class name is read as another', 'class names are read as others'),
    excluded: false,
  },
  CLASS_EMPTY: { text: plural('class has no images', 'classes have no images'), excluded: false },
  LESIONS_UNKNOWN: {
    text: plural('image has no known lesion', 'images have no known lesion'),
    excluded: false,
  },
  LESION_CONFLICT: {
    text: plural('image is given to two lesions', 'images are given to two lesions'),
    excluded: false,
  },
  LESION_WITHOUT_IMAGE: {
    text: plural('lesion is given to an unknown image', 'lesions are given to unknown images'),
    excluded: false,
  },
  CSV_COLUMN_EXTRA: { text: plural('column is not used', 'columns are not used'), excluded: false },
} as const satisfies Partial<Record<ErrorCode, Row>>;

/** Codes that a set can list. */
export type ProblemCode = keyof typeof table;

/** Gathers subjects by code, in the order they are noticed. */
export class ProblemList {
  readonly #subjects = new Map<ProblemCode, string[]>();

  add(code: ProblemCode, ...subjects: readonly string[]): void {
    const known = this.#subjects.get(code);
    if (known) for (const subject of subjects) known.push(subject);
    else if (subjects.length > 0) this.#subjects.set(code, [...subjects]);
  }

  /** Files of the folder that are left out; text files are no matter of images. */
  addSkipped(skipped: readonly Skipped[]): void {
    for (const { code, file } of skipped) {
      if (code !== 'TEXT_FILE' && code !== 'IMAGE_HIDDEN') this.add(code, file);
    }
  }

  /** One problem per code, those that cost images first. */
  toProblems(): Problem[] {
    const problems = [...this.#subjects].map(([code, subjects]): Problem => {
      const { text, excluded } = table[code];
      return { code, message: `${text(subjects.length)}: ${listed(subjects)}.`, subjects, excluded };
    });
    return problems.sort((a, b) => Number(b.excluded) - Number(a.excluded));
  }
}

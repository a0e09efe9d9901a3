// What was left out of a folder, and why: nothing is skipped in silence. One plain list, made by main/imaging, told by
// every surface. Depends on the error table.
import { z } from 'zod';
import { errorTexts, type ErrorCode } from './error-texts/table.ts';
import type { ErrorReader } from './error-texts/text.ts';
import { nextStep } from './errors.ts';
import { fileName } from './file-name.ts';

/** How many of a kind are said: one, several. */
const words = {
  IMAGE_HEIC: ['HEIC image', 'HEIC images'],
  IMAGE_AVIF: ['AVIF image', 'AVIF images'],
  IMAGE_DICOM: ['DICOM image', 'DICOM images'],
  IMAGE_GIF: ['GIF image', 'GIF images'],
  IMAGE_JPEG_2000: ['JPEG 2000 image', 'JPEG 2000 images'],
  IMAGE_JPEG_XL: ['JPEG XL image', 'JPEG XL images'],
  IMAGE_RAW: ['camera raw image', 'camera raw images'],
  IMAGE_PHOTOSHOP: ['Photoshop document', 'Photoshop documents'],
  IMAGE_VIDEO: ['video', 'videos'],
  IMAGE_LFS_POINTER: ['Git LFS pointer', 'Git LFS pointers'],
  IMAGE_HIDDEN: ['hidden image', 'hidden images'],
  IMAGE_LINK: ['link', 'links'],
  IMAGE_EMPTY: ['empty file', 'empty files'],
  IMAGE_UNREADABLE: ['unreadable file or folder', 'unreadable files or folders'],
  IMAGE_UNRECOGNISED: ['file that is no image', 'files that are no images'],
  TEXT_FILE: ['text file', 'text files'],
} as const satisfies Record<string, readonly [string, string]>;

/** Why a file was left out: a code of the error table, or TEXT_FILE for what nobody takes for a picture. */
export type SkipCode = keyof typeof words;

export const skipCodeSchema = z.enum(Object.keys(words) as [SkipCode, ...SkipCode[]]);

/** One file, link or folder that was passed over. */
export const skippedSchema = z.object({
  file: z.string(),
  code: skipCodeSchema,
  /** What it is, in a few words. */
  title: z.string(),
  /** What was seen, e.g. "is a link to nothing". */
  message: z.string(),
});
export type Skipped = z.infer<typeof skippedSchema>;

/** Everything of one kind. */
export const skippedGroupSchema = z.object({
  code: skipCodeSchema,
  /** "3 HEIC images" */
  text: z.string(),
  count: z.int(),
  /** Names of the first of them. */
  files: z.array(z.string()),
});
export type SkippedGroup = z.infer<typeof skippedGroupSchema>;

/** Names that a group lists; more would be a wall of text, and a message of megabytes. */
const listedFiles = 20;

export function skip(file: string, code: SkipCode, message: string): Skipped {
  const title = code === 'TEXT_FILE' ? 'Text file' : errorTexts[code satisfies ErrorCode].title;
  return { file, code, title, message };
}

/** By kind, in the order of the table above: pictures that could not be read come first. */
export function groupSkipped(skipped: readonly Skipped[]): SkippedGroup[] {
  return skipCodeSchema.options.flatMap((code) => {
    const files = skipped.filter((one) => one.code === code).map(({ file }) => file);
    return files.length === 0 ? [] : [groupOf(code, files.length, files)];
  });
}

/** Groups of several folders as one list, each kind once. */
export function joinGroups(groups: readonly SkippedGroup[]): SkippedGroup[] {
  return skipCodeSchema.options.flatMap((code) => {
    const same = groups.filter((group) => group.code === code);
    const count = same.reduce((sum, group) => sum + group.count, 0);
    const files = same.flatMap((group) => group.files);
    return same.length === 0 ? [] : [groupOf(code, count, files)];
  });
}

/** "3 HEIC images" */
export function countWords(code: SkipCode, count: number): string {
  const [one, many] = words[code];
  return count === 1 ? `1 ${one}` : `${count} ${many}`;
}

function groupOf(code: SkipCode, count: number, files: readonly string[]): SkippedGroup {
  return {
    code,
    text: countWords(code, count),
    count,
    files: files.slice(0, listedFiles),
  };
}

/** What the person can do about a group; empty where there is nothing to do. */
export function skippedStep({ code }: Pick<SkippedGroup, 'code'>, reader: ErrorReader): string {
  return code === 'TEXT_FILE' ? '' : nextStep({ code }, reader);
}

/** A few names of a group, as a sentence lists them: "a.heic, b.heic, ... (7 more)". */
export function someNames({ files, count }: SkippedGroup, most = 3): string {
  const named = files.slice(0, most).map(fileName);
  return named.join(', ') + (count > named.length ? `, ... (${count - named.length} more)` : '');
}

// The kinds of picture files, in one table: what is read, what is not, and by which extensions people know them.
// A name is only a claim: main/imaging recognises files by their content. Depends on the error table.
import type { ErrorCode } from './error-texts/table.ts';

interface FormatRow {
  /** As a person knows it. */
  readonly label: string;
  readonly extensions: readonly string[];
}

/** The image formats that the product reads; keys are the names that libvips has for them, where it knows them. */
export const imageFormats = {
  jpeg: { label: 'JPEG', extensions: ['.jpg', '.jpeg', '.jpe', '.jfif'] },
  png: { label: 'PNG', extensions: ['.png'] },
  tiff: { label: 'TIFF', extensions: ['.tif', '.tiff'] },
  webp: { label: 'WebP', extensions: ['.webp'] },
  bmp: { label: 'BMP', extensions: ['.bmp', '.dib'] },
} as const satisfies Record<string, FormatRow>;
export type ImageFormat = keyof typeof imageFormats;

/** Extensions of pictures that are not read yet, by the code that calls them by their name. */
const unreadExtensions = {
  IMAGE_HEIC: ['.heic', '.heif', '.hif'],
  IMAGE_AVIF: ['.avif'],
  IMAGE_DICOM: ['.dcm', '.dicom', '.dic'],
  IMAGE_GIF: ['.gif'],
  IMAGE_JPEG_2000: ['.jp2', '.j2k', '.j2c', '.jpx', '.jpf', '.jpc'],
  IMAGE_JPEG_XL: ['.jxl'],
  // TIFF files, most of them, whose first page is a small preview: read as TIFF, the preview would be classified.
  IMAGE_RAW: [
    ...[
      '.dng',
      '.nef',
      '.nrw',
      '.cr2',
      '.cr3',
      '.crw',
      '.arw',
      '.sr2',
      '.srf',
      '.pef',
      '.srw',
      '.orf',
      '.rw2',
    ],
    ...['.raf', '.3fr', '.fff', '.iiq', '.dcr', '.kdc', '.mrw', '.x3f', '.erf', '.rwl', '.gpr'],
  ],
  IMAGE_PHOTOSHOP: ['.psd', '.psb'],
  IMAGE_VIDEO: ['.mp4', '.mov', '.m4v', '.avi', '.mpg', '.mpeg', '.mkv', '.webm', '.wmv', '.3gp'],
} as const satisfies Partial<Record<ErrorCode, readonly string[]>>;
export type UnreadKind = keyof typeof unreadExtensions;

/** Lower-case, with the dot; empty if the name has none. Of the name alone, so that the page can ask too. */
export function extensionOf(path: string): string {
  return /[^/\\](\.[^./\\]*)$/.exec(path)?.[1]?.toLowerCase() ?? '';
}

const formatOfExtension = new Map<string, ImageFormat>(
  Object.entries(imageFormats).flatMap(([format, { extensions }]) =>
    extensions.map((extension) => [extension, format as ImageFormat] as const),
  ),
);
const unreadOfExtension = new Map<string, UnreadKind>(
  Object.entries(unreadExtensions).flatMap(([code, extensions]) =>
    extensions.map((extension) => [extension, code as UnreadKind] as const),
  ),
);

/** The format that a file's extension claims; null if the extension is absent or says nothing of those read. */
export function claimedFormat(path: string): ImageFormat | null {
  return formatOfExtension.get(extensionOf(path)) ?? null;
}

/** The unread kind that a file's extension claims, or null. */
export function claimedUnread(path: string): UnreadKind | null {
  return unreadOfExtension.get(extensionOf(path)) ?? null;
}

/** All formats that are read, as a sentence names them: "JPEG, PNG, TIFF, WebP and BMP". */
export function formatList(last: 'and' | 'or'): string {
  const labels = Object.values(imageFormats).map(({ label }) => label);
  return `${labels.slice(0, -1).join(', ')} ${last} ${labels.at(-1) ?? ''}`;
}

/** Extensions of all formats that are read, with their dots. */
export const readExtensions: readonly string[] = [...formatOfExtension.keys()];

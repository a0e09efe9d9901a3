// What a file is: by its first bytes, never by its name. The name is only checked against them. Pure.
import { extname } from 'node:path';

/** The image formats that the product reads; also the names libvips gives them. */
export type ImageFormat = 'jpeg' | 'png' | 'tiff' | 'webp';

interface FormatRow {
  /** As a person knows it. */
  readonly label: string;
  readonly extensions: readonly string[];
}

export const imageFormats: Readonly<Record<ImageFormat, FormatRow>> = {
  jpeg: { label: 'JPEG', extensions: ['.jpg', '.jpeg', '.jpe', '.jfif'] },
  png: { label: 'PNG', extensions: ['.png'] },
  tiff: { label: 'TIFF', extensions: ['.tif', '.tiff'] },
  webp: { label: 'WebP', extensions: ['.webp'] },
};

const formatOfExtension = new Map(
  Object.entries(imageFormats).flatMap(([format, row]) =>
    row.extensions.map((extension) => [extension, format as ImageFormat] as const),
  ),
);

/**
 * Camera raw files are TIFF files whose first page is often a small preview: reading them as TIFF would
 * classify the preview and say nothing.
 */
const rawExtensions: ReadonlySet<string> = new Set(['.dng', '.nef', '.cr2', '.arw', '.pef', '.srw', '.3fr']);

/** The format that a file's extension claims; null if the extension is absent or says nothing of the four. */
export function claimedFormat(path: string): ImageFormat | null {
  return formatOfExtension.get(extname(path).toLowerCase()) ?? null;
}

/** What the first bytes say: one of the four formats, or a name for what the file looks like. */
export type SniffedContent = { readonly format: ImageFormat } | { readonly looksLike: string };

type Signature = (bytes: Uint8Array) => boolean;

/** The bytes of `text` (Latin-1) stand at `offset`. */
function at(offset: number, text: string): Signature {
  const expected = Buffer.from(text, 'latin1');
  return (bytes) => expected.equals(bytes.subarray(offset, offset + expected.length));
}

const all =
  (...parts: Signature[]): Signature =>
  (bytes) =>
    parts.every((part) => part(bytes));

/** Text that begins, after a byte order mark, white space, declarations and comments, with a tag. */
const markup =
  (tag: RegExp): Signature =>
  (bytes) =>
    tag.test(
      new TextDecoder()
        .decode(bytes.subarray(0, 1024))
        .trimStart()
        .replace(/^(?:<\?[^>]*>\s*|<!--[\s\S]*?-->\s*)*/, ''),
    );

/** Signatures of the four formats: ISO 10918-1, PNG 1.2, TIFF 6.0 and BigTIFF, RFC 9649. */
const imageSignatures: readonly (readonly [Signature, ImageFormat])[] = [
  [at(0, '\xff\xd8\xff'), 'jpeg'],
  [at(0, '\x89PNG\r\n\x1a\n'), 'png'],
  [at(0, 'II*\0'), 'tiff'],
  [at(0, 'MM\0*'), 'tiff'],
  [at(0, 'II+\0'), 'tiff'],
  [at(0, 'MM\0+'), 'tiff'],
  [all(at(0, 'RIFF'), at(8, 'WEBP')), 'webp'],
];

/** What else people drop on the window, so that the refusal can name it. */
const otherSignatures: readonly (readonly [Signature, string])[] = [
  [at(0, 'GIF8'), 'a GIF image'],
  [at(0, 'BM'), 'a BMP image'],
  [at(4, 'ftyphei'), 'a HEIC image'],
  [at(4, 'ftyphev'), 'a HEIC image'],
  [at(4, 'ftypmif1'), 'a HEIC image'],
  [at(4, 'ftypavif'), 'an AVIF image'],
  [at(4, 'ftyp'), 'a video'],
  [at(128, 'DICM'), 'a DICOM file'],
  [at(0, '\xff\x0a'), 'a JPEG XL image'],
  [at(0, '\0\0\0\x0cJXL '), 'a JPEG XL image'],
  [at(0, '\0\0\0\x0cjP  '), 'a JPEG 2000 image'],
  [at(0, '8BPS'), 'a Photoshop document'],
  [at(0, '%PDF'), 'a PDF document'],
  [at(0, 'PK\x03\x04'), 'a zip archive or office document'],
  [at(0, 'PK\x05\x06'), 'an empty zip archive'],
  [at(0, '7z\xbc\xaf'), 'a 7z archive'],
  [at(0, '\x1f\x8b'), 'a gzip archive'],
  [at(0, 'Rar!'), 'a RAR archive'],
  [at(0, 'MZ'), 'a Windows program'],
  [at(0, '\x7fELF'), 'a program'],
  [markup(/^(?:<!doctype svg\b|<svg\b)/i), 'an SVG drawing'],
  [markup(/^<(?:!doctype html|html|head|body)\b/i), 'a web page (HTML)'],
  [markup(/^<[a-z!]/i), 'an XML document'],
  [(bytes) => bytes.subarray(0, 512).every((byte) => byte === 0), 'zeros only'],
  [isText, 'a text file'],
];

/** What the content is, by its first bytes; `path` only tells camera raw files from TIFF. */
export function sniff(bytes: Uint8Array, path: string): SniffedContent {
  const image = imageSignatures.find(([matches]) => matches(bytes));
  if (image?.[1] === 'tiff' && rawExtensions.has(extname(path).toLowerCase())) {
    return { looksLike: 'a camera raw file' };
  }
  if (image) return { format: image[1] };
  const other = otherSignatures.find(([matches]) => matches(bytes));
  return { looksLike: other?.[1] ?? 'data of an unknown kind' };
}

/** UTF-8 without control characters other than white space, in the first 512 bytes. */
function isText(bytes: Uint8Array): boolean {
  const text = new TextDecoder().decode(bytes.subarray(0, 512), { stream: true });
  return !/[^\P{Cc}\s]|\ufffd/u.test(text);
}

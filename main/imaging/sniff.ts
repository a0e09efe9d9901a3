// What a file is: by its first bytes, never by its name. Pure.
import { claimedUnread, type ImageFormat, type UnreadKind } from '../contract/image-kinds.ts';
import { isPreview } from './tiff/directory.ts';

/**
 * What the first bytes say: a format that is read, a kind of picture that is not (by its code), or something else;
 * with a name for what the file looks like.
 */
export type SniffedContent =
  | { readonly format: ImageFormat }
  | {
      readonly code: UnreadKind | 'IMAGE_LFS_POINTER' | 'IMAGE_UNRECOGNISED';
      readonly looksLike: string;
      /** Readable text: a table or a note that lies beside images. */
      readonly text?: boolean;
    };

/** Bytes from the beginning of a file that tell what it is. */
export const sniffedBytes = 8192;

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

/** An ISO base media file (ISO 14496-12) one of whose first brands is among these. */
function brand(...brands: string[]): Signature {
  return (bytes) => {
    if (!at(4, 'ftyp')(bytes)) return false;
    const box = Buffer.from(bytes.subarray(0, 64)).toString('latin1');
    // The major brand decides; compatible ones only where it is the general one.
    const major = box.slice(8, 12);
    const asked = major === 'mif1' || major === 'msf1' ? (box.slice(16).match(/.{4}/gs) ?? []) : [major];
    return asked.some((one) => brands.includes(one));
  };
}

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

/** A bitmap file whose second header has one of the known sizes: two letters alone begin many a text. */
function isBitmap(bytes: Uint8Array): boolean {
  if (!at(0, 'BM')(bytes)) return false;
  if (bytes.length < 18) return !isText(bytes);
  const size = Buffer.from(bytes.subarray(14, 18)).readUInt32LE();
  return size >= 12 && size <= 256;
}

/**
 * Signatures of the formats that are read: ISO 10918-1, PNG 1.2, TIFF 6.0 and BigTIFF, RFC 9649, Windows and OS/2
 * bitmaps.
 */
const imageSignatures: readonly (readonly [Signature, ImageFormat])[] = [
  [at(0, '\xff\xd8\xff'), 'jpeg'],
  [at(0, '\x89PNG\r\n\x1a\n'), 'png'],
  [at(0, 'II*\0'), 'tiff'],
  [at(0, 'MM\0*'), 'tiff'],
  [at(0, 'II+\0'), 'tiff'],
  [at(0, 'MM\0+'), 'tiff'],
  [all(at(0, 'RIFF'), at(8, 'WEBP')), 'webp'],
  [isBitmap, 'bmp'],
];

/** Pictures that are not read, so that each can be called by its name. */
const unreadSignatures: readonly (readonly [Signature, UnreadKind | 'IMAGE_LFS_POINTER', string])[] = [
  [at(0, 'GIF8'), 'IMAGE_GIF', 'a GIF image'],
  [brand('avif', 'avis'), 'IMAGE_AVIF', 'an AVIF image'],
  [brand('heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs'), 'IMAGE_HEIC', 'a HEIC image'],
  [brand('mif1', 'msf1', 'heif'), 'IMAGE_HEIC', 'a HEIC image'],
  [at(4, 'ftypmif1'), 'IMAGE_HEIC', 'a HEIC image'],
  [brand('crx '), 'IMAGE_RAW', 'a camera raw file (CR3)'],
  [at(4, 'ftyp'), 'IMAGE_VIDEO', 'a video'],
  [all(at(0, 'RIFF'), at(8, 'AVI ')), 'IMAGE_VIDEO', 'a video'],
  [at(0, '\x1aE\xdf\xa3'), 'IMAGE_VIDEO', 'a video'],
  [at(0, '\0\0\x01\xba'), 'IMAGE_VIDEO', 'a video'],
  [at(128, 'DICM'), 'IMAGE_DICOM', 'a DICOM file'],
  [at(0, '\xff\x0a'), 'IMAGE_JPEG_XL', 'a JPEG XL image'],
  [at(0, '\0\0\0\x0cJXL '), 'IMAGE_JPEG_XL', 'a JPEG XL image'],
  [at(0, '\0\0\0\x0cjP  '), 'IMAGE_JPEG_2000', 'a JPEG 2000 image'],
  [at(0, '\xff\x4f\xff\x51'), 'IMAGE_JPEG_2000', 'a JPEG 2000 image'],
  [at(0, 'FUJIFILMCCD-RAW'), 'IMAGE_RAW', 'a camera raw file (RAF)'],
  [at(0, 'IIRO'), 'IMAGE_RAW', 'a camera raw file (ORF)'],
  [at(0, 'IIRS'), 'IMAGE_RAW', 'a camera raw file (ORF)'],
  [at(0, 'MMOR'), 'IMAGE_RAW', 'a camera raw file (ORF)'],
  [at(0, 'IIU\0'), 'IMAGE_RAW', 'a camera raw file (RW2)'],
  [at(0, 'FOVb'), 'IMAGE_RAW', 'a camera raw file (X3F)'],
  [at(0, '8BPS'), 'IMAGE_PHOTOSHOP', 'a Photoshop document'],
  [at(0, 'version https://git-lfs.github.com/spec/'), 'IMAGE_LFS_POINTER', 'a Git LFS pointer'],
];

/** What else people drop on the window, so that the refusal can name it. */
const otherSignatures: readonly (readonly [Signature, string])[] = [
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

/**
 * What the content is, by its first bytes. The name decides in two cases only: camera raw files are TIFF files
 * whose first page is a preview, and a DICOM file may lack the letters by which it is known.
 */
export function sniff(bytes: Uint8Array, path: string): SniffedContent {
  const claimed = claimedUnread(path);
  const format = imageSignatures.find(([matches]) => matches(bytes))?.[1];
  if (format === 'tiff' && (claimed === 'IMAGE_RAW' || isPreview(bytes))) {
    return { code: 'IMAGE_RAW', looksLike: 'a camera raw file' };
  }
  if (format) return { format };
  const unread = unreadSignatures.find(([matches]) => matches(bytes));
  if (unread) return { code: unread[1], looksLike: unread[2] };
  const looksLike = otherSignatures.find(([matches]) => matches(bytes))?.[1] ?? 'data of an unknown kind';
  const text = isText(bytes);
  // Binary data that nothing recognises is what its name claims, as far as anybody can tell.
  if (claimed !== null && !text && looksLike === 'data of an unknown kind')
    return { code: claimed, looksLike };
  return { code: 'IMAGE_UNRECOGNISED', looksLike, text };
}

/** UTF-8 without control characters other than white space, in the first 512 bytes. */
function isText(bytes: Uint8Array): boolean {
  const text = new TextDecoder().decode(bytes.subarray(0, 512), { stream: true });
  return !/[^\P{Cc}\s]|\ufffd/u.test(text);
}

// JPEG headers as cameras really write them, put right before libjpeg sees them: it warns of an odd header and of lost
// pixels alike, and only the second must refuse an image. Nothing is ever changed within the coded pixels, so what is
// missing or overwritten there is still found. Source: ISO/IEC 10918-1, annex B. Pure.
import type { NoteCode } from '../../contract/notes.ts';
import { holdsAllBlocks, type CodedScan } from './count-blocks.ts';
import { allThere, frameOf, sequential, type Frame, type Scan } from './frame.ts';

const marker = {
  dht: 0xc4,
  dri: 0xdd,
  tem: 0x01,
  rst0: 0xd0,
  rst7: 0xd7,
  soi: 0xd8,
  eoi: 0xd9,
  sos: 0xda,
  app0: 0xe0,
  app14: 0xee,
};

/** What is to be done to the bytes. */
interface Repairs {
  /** Bytes that belong to no segment, as [from, to). */
  readonly stray: (readonly [number, number])[];
  /** Values to write: [offset, value]. */
  readonly patches: (readonly [number, number])[];
  /** Whether the end marker is missing though every scan has begun that a whole picture needs. */
  endMissing: boolean;
}

interface Repaired {
  readonly bytes: Uint8Array;
  readonly notes: readonly NoteCode[];
}

/**
 * Leaves out stray bytes between segments, corrects scan headers of sequential files (Samsung), JFIF revisions and
 * Adobe transforms that no reader knows, and appends a missing end marker if not a block of the picture is missing.
 * @returns the same bytes if nothing is odd, or if the file cannot be followed (libjpeg judges it then)
 * @throws Error if blocks are missing at the end of a picture where nobody else would notice
 */
export function repairJpeg(bytes: Uint8Array): Repaired {
  const repairs = examine(bytes);
  if (repairs === null) return { bytes, notes: [] };
  const { stray, patches, endMissing } = repairs;
  if (stray.length === 0 && patches.length === 0 && !endMissing) return { bytes, notes: [] };
  const patched = Buffer.from(bytes);
  for (const [at, value] of patches) patched[at] = value;
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const [start, end] of stray) {
    parts.push(patched.subarray(from, start));
    from = end;
  }
  parts.push(patched.subarray(from));
  // Half of the marker may be there.
  if (endMissing) parts.push(Buffer.from(bytes.at(-1) === 0xff ? [marker.eoi] : [0xff, marker.eoi]));
  const odd = stray.length > 0 || patches.length > 0;
  return {
    bytes: Buffer.concat(parts),
    notes: [
      ...(odd ? (['HEADER_REPAIRED'] as const) : []),
      ...(endMissing ? (['END_MISSING'] as const) : []),
    ],
  };
}

/** Walks the segments and scans; null if they cannot be followed. */
function examine(bytes: Uint8Array): Repairs | null {
  const repairs: Repairs = { stray: [], patches: [], endMissing: false };
  const scans: Scan[] = [];
  const tables = new Map<number, Uint8Array>();
  let frame: Frame | null = null;
  let restart = 0;
  let at = 2;
  for (;;) {
    const found = nextMarker(bytes, at);
    if (found === null) return null;
    // Between scans, bytes that belong to nothing may be lost pixels: those are left where they are.
    if (found.sought && scans.length === 0) repairs.stray.push([at, found.at]);
    const { code } = found;
    at = found.at + 2;
    if (code === marker.eoi) return scans.length > 0 ? repairs : null;
    if (code === marker.soi) {
      // Twice at the very beginning; anywhere else another picture begins, such as a thumbnail.
      if (found.at !== 2) return null;
      repairs.stray.push([found.at, at]);
      continue;
    }
    if (code === marker.tem || (code >= marker.rst0 && code <= marker.rst7)) continue;
    const length = at + 1 < bytes.length ? bytes[at]! * 256 + bytes[at + 1]! : 0;
    const end = at + length;
    if (length < 2 || end > bytes.length) return null;
    const segment = bytes.subarray(at, end);
    if (code === marker.sos) {
      if (frame === null) return null;
      const scan = scanOf(segment);
      if (scan === null) return null;
      scans.push(scan);
      if (sequential(frame)) correctScan(repairs, segment, at);
      const next = endOfScan(bytes, end);
      const walked = { frame, scans, tables, restart };
      if (next === null) {
        repairs.endMissing = isWhole(bytes.subarray(end), walked);
        return repairs;
      }
      if (endsUnwatched(frame, scan) && !holdsBlocks(bytes.subarray(end, next), walked)) {
        throw new Error('coded pixels are missing or damaged');
      }
      at = next;
    } else {
      frame ??= frameOf(code, segment);
      if (code === marker.dht) collectTables(tables, segment);
      if (code === marker.dri && segment.length >= 4) restart = segment[2]! * 256 + segment[3]!;
      correctSegment(repairs, code, segment, at, frame);
      at = end;
    }
  }
}

/** The next marker from here, as libjpeg finds it: its code, where its last FF stands, whether it had to be sought. */
function nextMarker(bytes: Uint8Array, from: number): { at: number; code: number; sought: boolean } | null {
  let at = from;
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0) return null;
    // Any number of FF may precede a marker; they are no stray bytes.
    const sought = at > from;
    while (bytes[at + 1] === 0xff) at++;
    const code = bytes[at + 1];
    if (code === undefined) return null;
    if (code !== 0) return { at, code, sought };
    at += 2;
  }
}

/** Offset of the marker that ends the coded pixels; null if the file ends first. */
function endOfScan(bytes: Uint8Array, from: number): number | null {
  let at = from;
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0 || at + 1 >= bytes.length) return null;
    const code = bytes[at + 1]!;
    if (code !== 0 && code !== 0xff && !(code >= marker.rst0 && code <= marker.rst7)) return at;
    at += code === 0xff ? 1 : 2;
  }
}

/** The parts of a scan header: length, number of components, each with its tables, spectral range, precision. */
function scanOf(segment: Uint8Array): Scan | null {
  const count = segment[2] ?? 0;
  if (segment.length !== 6 + 2 * count) return null;
  const components = Array.from({ length: count }, (_, index) => {
    const [id, tables] = segment.subarray(3 + 2 * index);
    return { id: id!, dc: tables! >> 4, ac: tables! & 15 };
  });
  const [start, end, precision] = segment.subarray(3 + 2 * count);
  return { components, start: start!, end: end!, low: precision! & 15 };
}

interface Walked {
  readonly frame: Frame;
  readonly scans: readonly Scan[];
  readonly tables: ReadonlyMap<number, Uint8Array>;
  readonly restart: number;
}

/** Whether a file that breaks off in its last scan has lost nothing but the end marker. */
function isWhole(data: Uint8Array, { frame, scans, tables, restart }: Walked): boolean {
  if (!allThere(frame, scans)) return false;
  // libjpeg reads all scans of a progressive picture before the first row comes out, and warns in time.
  if (!sequential(frame)) return true;
  // Half of the marker is no coded data.
  return holdsBlocks(data.at(-1) === 0xff ? data.subarray(0, -1) : data, { frame, scans, tables, restart });
}

/**
 * Whether libvips passes over damage in the last row of blocks: it asks libjpeg for warnings before each strip of rows, and
 * not after the last. Where colours have half the rows, the last row of blocks is read before the last strip, and where they
 * come in scans of their own, all of them are.
 */
function endsUnwatched(frame: Frame, scan: Scan): boolean {
  const { components } = frame;
  return (
    sequential(frame) &&
    scan.components.length === components.length &&
    components.every(({ vertical }) => vertical === components[0]!.vertical)
  );
}

function holdsBlocks(data: Uint8Array, { frame, scans, tables, restart }: Walked): boolean {
  return holdsAllBlocks(data, { ...sizeOf(frame), components: scans.at(-1)!.components, tables, restart });
}

function sizeOf({ width, height, components }: Frame): Pick<CodedScan, 'width' | 'height' | 'frame'> {
  return { width, height, frame: components };
}

/** A segment may define several tables: class and number, 16 counts, as many values. */
function collectTables(tables: Map<number, Uint8Array>, segment: Uint8Array): void {
  for (let at = 2; at + 17 <= segment.length;) {
    const counts = segment.subarray(at + 1, at + 17);
    const end = at + 17 + counts.reduce((sum, count) => sum + count, 0);
    tables.set(segment[at]!, segment.subarray(at + 1, end));
    at = end;
  }
}

/** A sequential scan holds all 64 coefficients at full precision, whatever its header says. */
function correctScan({ patches }: Repairs, segment: Uint8Array, at: number): void {
  const tail = segment.length - 3;
  [0, 63, 0].forEach((value, index) => {
    if (segment[tail + index] !== value) patches.push([at + tail + index, value]);
  });
}

/** Versions and codes that libjpeg does not know, and reads all the same as what they are replaced by. */
function correctSegment(
  { patches }: Repairs,
  code: number,
  segment: Uint8Array,
  at: number,
  frame: Frame | null,
): void {
  const begins = (text: string) => Buffer.from(text, 'latin1').equals(segment.subarray(2, 2 + text.length));
  if (
    code === marker.app0 &&
    begins('JFIF\0') &&
    segment.length >= 9 &&
    segment[7] !== 1 &&
    segment[7] !== 2
  ) {
    patches.push([at + 7, 1]);
  }
  if (code === marker.app14 && begins('Adobe') && segment.length >= 14 && segment[13]! > 2) {
    patches.push([at + 13, frame?.components.length === 4 ? 2 : 1]);
  }
}

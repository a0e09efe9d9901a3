// TIFF headers put right before libtiff sees them: it warns of tags in another order, of tags that stand twice and of
// descriptions without an end as it does of lost pixels, and only the last must refuse an image. The first directory is
// written anew with what the pixels need, in order, each once; nothing else of the file is touched.
import type { NoteCode } from '../../contract/notes.ts';
import { readDirectory, tags, viewOf, type Directory, type Entry } from './directory.ts';
import { isTiledInPlanes, joinPlanes } from './planes.ts';

interface Repaired {
  readonly bytes: Uint8Array;
  readonly notes: readonly NoteCode[];
}

/**
 * What libtiff needs to find, decode and colour the pixels. Everything else (descriptions, dates, resolution, private
 * tags) is left out: it cannot change a pixel, and a flaw in it need not refuse one.
 */
const needed: ReadonlySet<number> = new Set([
  ...[tags.width, tags.height, tags.bitsPerSample, tags.compression, tags.photometric, tags.fillOrder],
  ...[tags.stripOffsets, tags.orientation, tags.samplesPerPixel, tags.rowsPerStrip, tags.stripByteCounts],
  ...[tags.planarConfiguration, tags.predictor, tags.colourMap, tags.tileWidth, tags.tileLength],
  ...[tags.tileOffsets, tags.tileByteCounts, tags.extraSamples, tags.sampleFormat, tags.jpegTables],
  ...[tags.xmp, tags.iccProfile],
  // Fax options; sub-sampling and range of YCbCr; ink sets; the old way of JPEG in TIFF
  ...[292, 293, 301, 318, 319, 332, 333, 334, 336, 529, 530, 531, 532],
  ...[512, 513, 514, 515, 517, 518, 519, 520, 521],
]);

/** @param name of the file, for messages */
export async function repairTiff(bytes: Uint8Array, name: string): Promise<Repaired> {
  const directory = readDirectory(bytes);
  if (directory === null) return { bytes, notes: [] };
  const { entries, next } = directory;
  const kept = keptEntries(entries);
  if (kept === null) return { bytes, notes: [] };
  const odd = entries.some(({ tag }, index) => index > 0 && tag <= entries[index - 1]!.tag);
  const notes: NoteCode[] = odd ? ['HEADER_REPAIRED'] : [];
  const clean: Directory = { ...directory, entries: kept, next: 0 };
  if (isTiledInPlanes(bytes, clean)) return { bytes: await joinPlanes(bytes, clean, name), notes };
  // Pages behind the first are not read, and so cannot be at fault.
  if (!odd && kept.length === entries.length && next === 0) return { bytes, notes };
  return { bytes: withDirectory(bytes, clean), notes };
}

/** In order, each tag once; null if the file contradicts itself: then nobody can say what its pixels are. */
function keptEntries(entries: readonly Entry[]): Entry[] | null {
  const byTag = new Map<number, Entry>();
  for (const entry of entries) {
    if (!needed.has(entry.tag)) continue;
    const known = byTag.get(entry.tag);
    if (known && !sameValue(known, entry)) return null;
    byTag.set(entry.tag, known ?? entry);
  }
  return [...byTag.values()].sort((a, b) => a.tag - b.tag);
}

function sameValue(a: Entry, b: Entry): boolean {
  return a.type === b.type && a.count === b.count && Buffer.from(a.field).equals(b.field);
}

/** The same file with this directory in place of the first: it has no more entries, so it fits where that was. */
function withDirectory(bytes: Uint8Array, { layout, offset, entries }: Directory): Uint8Array {
  const changed = Uint8Array.from(bytes);
  const view = viewOf(changed);
  const { littleEndian, big } = layout;
  let at = offset;
  if (big) view.setBigUint64(at, BigInt(entries.length), littleEndian);
  else view.setUint16(at, entries.length, littleEndian);
  at += big ? 8 : 2;
  for (const { tag, type, count, field } of entries) {
    view.setUint16(at, tag, littleEndian);
    view.setUint16(at + 2, type, littleEndian);
    if (big) view.setBigUint64(at + 4, BigInt(count), littleEndian);
    else view.setUint32(at + 4, count, littleEndian);
    changed.set(field, at + layout.entry - layout.field);
    at += layout.entry;
  }
  changed.fill(0, at, at + layout.field);
  return changed;
}

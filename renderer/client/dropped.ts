// The files of a drop in a browser, folders walked. The entries must be taken synchronously: after the drop
// event they are gone.
import { claimedFormat, claimedUnread } from '../../main/contract/image-kinds.ts';
import { skip, type Skipped } from '../../main/contract/skipped.ts';

/** Files that were found in a dropped folder: unlike those dropped by themselves, only pictures among them are meant. */
const fromFolder = new WeakSet<File>();

export function isFromFolder(file: File): boolean {
  return fromFolder.has(file);
}

/** Whether a file that was found in a folder is named as an image that is read; hidden files are not wanted either. */
export function isImageName(name: string): boolean {
  return claimedFormat(name) !== null && !name.startsWith('.');
}

/** What a file of a folder that is not taken is told as, by its name; nothing for what systems leave everywhere. */
export function passedOver(name: string): Skipped[] {
  if (name.startsWith('.')) {
    return name.startsWith('._') || claimedFormat(name) === null
      ? []
      : [skip(name, 'IMAGE_HIDDEN', 'hidden file')];
  }
  if (/\.(?:txt|csv|tsv|md|json|xml|html?)$/i.test(name)) return [skip(name, 'TEXT_FILE', 'named as text')];
  return [skip(name, claimedUnread(name) ?? 'IMAGE_UNRECOGNISED', 'not named as an image that is read')];
}

/** All files of the transfer, those in dropped folders included, in the order of the drop. */
export async function filesOf(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items]
    .filter((item) => item.kind === 'file')
    .map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const files: File[] = [];
  for (const entry of entries) {
    if (entry === null) continue;
    if (entry instanceof File) files.push(entry);
    else await collect(entry, files);
  }
  return files;
}

async function collect(entry: FileSystemEntry, files: File[], within = false): Promise<void> {
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => {
      entry.file(resolve, reject);
    });
    if (within) fromFolder.add(file);
    files.push(file);
  } else if (isDirectory(entry)) {
    const reader = entry.createReader();
    // A reader hands out at most 100 entries at a time; an empty answer ends it.
    for (;;) {
      const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => {
        reader.readEntries(resolve, reject);
      });
      if (batch.length === 0) return;
      for (const child of batch) await collect(child, files, true);
    }
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

// The files of a drop in a browser, folders walked. The entries must be taken synchronously: after the drop
// event they are gone.

/** Extensions of the formats that main/imaging reads: in folders, only files named so are taken. */
const imageName = /\.(?:jpe?g|jpe|jfif|png|tiff?|webp)$/i;

/** Whether a file that was found in a folder is named as an image; hidden files are not wanted either. */
export function isImageName(name: string): boolean {
  return imageName.test(name) && !name.startsWith('.');
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
    if (within && !isImageName(entry.name)) return;
    files.push(
      await new Promise<File>((resolve, reject) => {
        entry.file(resolve, reject);
      }),
    );
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

// Bytes that are on disk when the call returns.
import { open } from 'node:fs/promises';

/** Writes a file and waits until the disk has it: what is renamed or named afterwards is never half there. */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

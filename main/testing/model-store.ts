// A model store in a folder of its own, for one test file. Test use only.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelFolders } from '../engine/folders.ts';
import { ModelStore } from '../engine/store/store.ts';

export interface TemporaryStore {
  /** Holds the store's two folders, and whatever else a test puts beside them. */
  readonly root: string;
  readonly folders: ModelFolders;
  readonly store: ModelStore;
  /** Names of everything in the imports folder, hidden or not. */
  imported(): string[];
  remove(): void;
}

/** An empty store; its imports folder does not exist yet, as on a fresh machine. */
export function temporaryStore(): TemporaryStore {
  const root = mkdtempSync(join(tmpdir(), 'dermorbit-store-'));
  const folders = { bundled: join(root, 'bundled'), imported: join(root, 'imported') };
  mkdirSync(folders.bundled);
  return {
    root,
    folders,
    store: new ModelStore(folders),
    imported: () => (existsSync(folders.imported) ? readdirSync(folders.imported).sort() : []),
    remove: () => {
      rmSync(root, { recursive: true, force: true });
    },
  };
}

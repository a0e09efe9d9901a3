// What persists between starts: the page's preferences and the window's place. One JSON file, written whole or
// not at all. A file that cannot be understood is set aside under another name and reported, never lost or fatal.
import { readFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { preferencesSchema, type Preferences, type PreferencesPatch } from '../contract/application.ts';
import { writeFileAtomic } from '../base/durable-files.ts';

const windowPlaceSchema = z.object({
  /** Screen coordinates and size in device-independent pixels. */
  x: z.int().optional(),
  y: z.int().optional(),
  width: z.int().min(400).max(20_000),
  height: z.int().min(300).max(20_000),
  maximized: z.boolean(),
});
export type WindowPlace = z.infer<typeof windowPlaceSchema>;

const fileSchema = z.object({
  schema: z.literal(1),
  preferences: preferencesSchema,
  window: windowPlaceSchema.nullable().default(null),
});
type SettingsFile = z.infer<typeof fileSchema>;

export interface SettingsStore {
  readonly preferences: Preferences;
  readonly window: WindowPlace | null;
  /** The file that was set aside at the start, if one was. */
  readonly problem: { readonly message: string; readonly setAside: string } | null;
  savePreferences(patch: PreferencesPatch): Promise<Preferences>;
  saveWindow(place: WindowPlace): Promise<void>;
}

/** Reads the settings, or begins with the defaults. Never fails because of what the file holds. */
export async function openSettings(path: string): Promise<SettingsStore> {
  const { content, problem } = await read(path);
  let current = content;
  // One write after the other, so that the last change is what stays.
  let writing: Promise<unknown> = Promise.resolve();

  function save(next: SettingsFile): Promise<void> {
    current = next;
    const write = writing.then(() => writeFileAtomic(path, `${JSON.stringify(current, null, 2)}\n`));
    writing = write.catch(() => undefined);
    return write;
  }

  return {
    get preferences() {
      return current.preferences;
    },
    get window() {
      return current.window;
    },
    problem,
    savePreferences: async (patch) => {
      const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
      await save({ ...current, preferences: preferencesSchema.parse({ ...current.preferences, ...given }) });
      return current.preferences;
    },
    saveWindow: (place) => save({ ...current, window: windowPlaceSchema.parse(place) }),
  };
}

async function read(path: string): Promise<{ content: SettingsFile; problem: SettingsStore['problem'] }> {
  const defaults: SettingsFile = { schema: 1, preferences: preferencesSchema.parse({}), window: null };
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (thrown) {
    const absent = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
    if (absent) return { content: defaults, problem: null };
    return { content: defaults, problem: await setAside(path, thrown) };
  }
  try {
    return { content: fileSchema.parse(JSON.parse(text)), problem: null };
  } catch (thrown) {
    return { content: defaults, problem: await setAside(path, thrown) };
  }
}

async function setAside(path: string, reason: unknown): Promise<SettingsStore['problem']> {
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-');
  const name = basename(path).replace(/\.json$/, `.unreadable-${stamp}.json`);
  const message = reason instanceof z.ZodError ? z.prettifyError(reason) : String(reason);
  try {
    await rename(path, join(dirname(path), name));
    return { message, setAside: name };
  } catch (thrown) {
    return { message: `${message}; it could not be set aside: ${String(thrown)}`, setAside: basename(path) };
  }
}

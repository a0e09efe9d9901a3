// The licences of everything that DermOrbit ships: the runtime dependencies, and what is bundled into the page.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Licence } from '../main/contract/application.ts';

const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ dev: z.boolean().optional(), optional: z.boolean().optional() })),
});
const packageSchema = z.object({
  name: z.string(),
  version: z.string(),
  license: z.union([z.string(), z.object({ type: z.string() })]).optional(),
  homepage: z.string().optional(),
});

/** Development dependencies whose code ends up in what people get: the page's libraries, and Electron itself. */
const bundled = ['svelte', 'chart.js', '@kurkle/color', 'marked', 'electron'];

/** Writes dist/licences.json. */
export function writeLicences(root: string): Promise<void> {
  const lock = lockSchema.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  const folders = Object.entries(lock.packages)
    .filter(
      ([folder, entry]) =>
        folder !== '' && (entry.dev !== true || bundled.includes(folder.replace('node_modules/', ''))),
    )
    .map(([folder]) => join(root, folder));
  const licences = folders.map(licenceOf).filter((licence) => licence !== null);
  licences.sort((a, b) => a.name.localeCompare(b.name));
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(join(root, 'dist', 'licences.json'), JSON.stringify(licences));
  return Promise.resolve();
}

/** Null for packages of other platforms, which are not installed. */
function licenceOf(folder: string): Licence | null {
  let text: string;
  try {
    text = readFileSync(join(folder, 'package.json'), 'utf8');
  } catch {
    return null;
  }
  const { name, version, license, homepage } = packageSchema.parse(JSON.parse(text));
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  return {
    name,
    version,
    licence: typeof license === 'string' ? license : (license?.type ?? 'see text'),
    homepage: homepage ?? null,
    text: file === undefined ? null : readFileSync(join(folder, file), 'utf8'),
  };
}

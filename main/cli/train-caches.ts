// dermorbit train caches: what trainings keep of images in the folder for application data, and freeing it.
import type { Command } from 'commander';
import type { CacheSummary } from '../contract/caches.ts';
import { dataFolder } from '../engine/folders.ts';
import { cacheNotFound, cachesFolder, listCaches, removeCache } from '../training/cache/caches.ts';
import { describeError, harmless, note, paint, table } from './output.ts';

interface CachesOptions {
  readonly remove?: boolean;
  readonly json?: boolean;
}

export function addCachesCommand(train: Command): void {
  train
    .command('caches [names...]')
    .description('what is kept of images for later trainings: list it, or remove it')
    .option('--remove', 'remove the named caches (default: all of them)')
    .option('--json', 'print JSON: the caches, or with --remove those that were removed')
    .addHelpText(
      'after',
      '\nNo run and no model is lost with a cache: it is made again when it is needed. A cache that a training works\n' +
        'with is not removed. Caches that --cache put elsewhere are not listed.\n' +
        '\nExample:\n  dermorbit train caches --remove',
    )
    .action(caches);
}

async function caches(names: string[], { remove = false, json = false }: CachesOptions): Promise<void> {
  const folder = cachesFolder(dataFolder());
  const all = await listCaches(folder);
  const chosen = names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
  const failures: unknown[] = names
    .filter((name) => !all.some((cache) => cache.name === name))
    .map((name) => cacheNotFound(folder, name));
  const shown = remove ? await removeAll(folder, chosen, failures) : chosen;
  if (json) process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
  else if (!remove && shown.length > 0) process.stdout.write(`${listing(shown)}\n`);
  if (!json) note(`${remove ? 'Removed: ' : ''}${inAll(shown)}${remove ? '.' : ` in ${folder}`}`);
  for (const failure of failures) note(describeError(failure));
  if (failures.length > 0) process.exitCode = 1;
}

/** Removes what can be removed; the rest is added to the failures. */
async function removeAll(
  folder: string,
  caches: readonly CacheSummary[],
  failures: unknown[],
): Promise<CacheSummary[]> {
  const removed: CacheSummary[] = [];
  for (const cache of caches) {
    await removeCache(folder, cache.name).then(
      () => removed.push(cache),
      (failure: unknown) => failures.push(failure),
    );
  }
  return removed;
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

function inAll(caches: readonly CacheSummary[]): string {
  const count = caches.length === 1 ? '1 cache' : `${caches.length} caches`;
  return `${count}, ${megabytes(caches.reduce((sum, { bytes }) => sum + bytes, 0))}`;
}

function listing(caches: readonly CacheSummary[]): string {
  const header = ['cache', 'holds', 'images', 'size', 'changed', ''].map((cell) => paint('dim', cell));
  const rows = caches.map(({ name, holds, bytes, changed, inUse }) => [
    harmless(name),
    harmless(holdsWords(holds)),
    holds === null ? '' : holds.images.toLocaleString('en'),
    megabytes(bytes),
    changed.slice(0, 10),
    inUse ? 'in use' : '',
  ]);
  return table([header, ...rows], new Set([2, 3]));
}

function holdsWords(holds: CacheSummary['holds']): string {
  if (holds === null) return 'of another version';
  if (holds.content === 'pixels') return `pictures, ${holds.side} px`;
  return `${holds.content}, ${holds.group}, ${holds.model}`;
}

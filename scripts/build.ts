// npm run build: the main side (tsc), the page (vite), the preload (one CommonJS file, as a sandboxed preload must
// be), and the list of third-party licences. With --if-stale each part is built only if its sources are newer.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type InlineConfig } from 'vite';
import { writeLicences } from './licences.ts';
import { commonRooms } from './rooms.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Part {
  readonly name: string;
  /** Files and folders that it is made from. */
  readonly sources: readonly string[];
  /** A file that it writes, last. */
  readonly product: string;
  make(): Promise<unknown>;
}

/** Files of the main side that are not code and lie beside the code that reads them. */
const dataFiles = ['main/backbones/text/clip-merges.txt.br'];

const preloadBuild: InlineConfig = {
  configFile: false,
  root,
  logLevel: 'warn',
  build: {
    outDir: join(root, 'dist/preload'),
    emptyOutDir: true,
    target: 'chrome120',
    minify: false,
    lib: { entry: join(root, 'main/electron/preload.ts'), formats: ['cjs'], fileName: () => 'preload.cjs' },
    rolldownOptions: { external: ['electron'] },
  },
};

const parts: Readonly<Record<string, Part>> = {
  page: {
    name: 'page',
    sources: [
      'renderer',
      ...commonRooms.map((room) => `main/${room}`),
      'vite.config.ts',
      'package-lock.json',
    ],
    product: 'dist/renderer/index.html',
    make: () => build({ configFile: join(root, 'vite.config.ts'), logLevel: 'warn' }),
  },
  licences: {
    name: 'licences',
    sources: ['package-lock.json', 'scripts/licences.ts'],
    product: 'dist/licences.json',
    make: () => writeLicences(root),
  },
  main: {
    name: 'main side',
    sources: ['main', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'],
    product: 'dist/main/electron/main.js',
    // Types are checked by `npm run typecheck`; who starts the app does not wait for that.
    make: async () => {
      await run('typescript/bin/tsc', ['-p', 'tsconfig.build.json', '--noCheck']);
      for (const file of dataFiles) cpSync(join(root, file), join(root, 'dist', file));
    },
  },
  preload: {
    name: 'preload',
    sources: ['main/electron/preload.ts', 'main/contract', 'package-lock.json'],
    product: 'dist/preload/preload.cjs',
    make: () => build(preloadBuild),
  },
};

/** What each surface needs: the host runs from source, Electron from dist/. */
export const partsOf = {
  host: ['page', 'licences'],
  electron: ['page', 'licences', 'main', 'preload'],
} as const;

/** Builds the parts a surface needs; only the stale ones if asked so. @throws Error if a part fails */
export async function buildFor(surface: keyof typeof partsOf, onlyStale: boolean): Promise<void> {
  for (const key of partsOf[surface]) {
    const part = parts[key];
    if (part === undefined || (onlyStale && !isStale(part))) continue;
    process.stderr.write(`Building the ${part.name} ...\n`);
    await part.make();
  }
}

function isStale(part: Part): boolean {
  const product = join(root, part.product);
  if (!existsSync(product)) return true;
  const built = statSync(product).mtimeMs;
  return part.sources.some((source) => newest(join(root, source)) > built);
}

/** Latest change below a path, in milliseconds; 0 if there is nothing. */
function newest(path: string): number {
  if (!existsSync(path)) return 0;
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  const below = readdirSync(path).map((name) => newest(join(path, name)));
  // A folder's own time tells of files that were removed.
  return Math.max(stats.mtimeMs, ...below);
}

function run(tool: string, parameters: readonly string[]): Promise<void> {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules', tool), ...parameters], {
    cwd: root,
    stdio: 'inherit',
  });
  return status === 0 ? Promise.resolve() : Promise.reject(new Error(`${tool} failed`));
}

if (import.meta.main) await buildFor('electron', process.argv.includes('--if-stale'));

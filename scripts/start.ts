// npm start: builds and opens the desktop app. Where Electron's binary is neither present nor to be had, or there is
// no screen, it says so and serves the same app to a browser instead.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildFor } from './build.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const electronPackage = join(root, 'node_modules', 'electron');
/** An Electron that ends this soon, in error, never opened its window; milliseconds. */
const startTime = 5000;

const obstacle = hasScreen() ? null : 'There is no screen here';
const binary = obstacle === null ? electronBinary() : null;
if (binary === null) {
  await serve(obstacle ?? "Electron's program is neither present nor could it be downloaded");
} else {
  await buildFor('electron', true);
  const began = performance.now();
  const status = await opened(binary);
  if (status !== 0 && performance.now() - began < startTime)
    await serve(`Electron could not start (exit code ${status})`);
  else process.exitCode = status;
}

async function serve(reason: string): Promise<void> {
  console.log(`${reason}: opening DermOrbit in the browser instead. It is the same app, and as private.`);
  await import('./serve.ts');
}

function hasScreen(): boolean {
  return (
    process.platform !== 'linux' ||
    process.env.DISPLAY !== undefined ||
    process.env.WAYLAND_DISPLAY !== undefined
  );
}

/** The path of Electron's program, downloaded if need be; null where that fails. */
function electronBinary(): string | null {
  const present = installedBinary();
  if (present !== null) return present;
  console.log("Downloading Electron's program (once, about 110 MB) ...");
  // Its own messages on failure are stack traces, which say less than the line that follows here.
  spawnSync(process.execPath, [join(electronPackage, 'install.js')], { stdio: 'ignore', timeout: 600_000 });
  return installedBinary();
}

function installedBinary(): string | null {
  const pathFile = join(electronPackage, 'path.txt');
  if (!existsSync(pathFile)) return null;
  const binary = join(electronPackage, 'dist', readFileSync(pathFile, 'utf8').trim());
  return existsSync(binary) ? binary : null;
}

/** Runs the app until it ends; its exit status. */
function opened(program: string): Promise<number> {
  const main = join(root, 'dist', 'main', 'electron', 'main.js');
  const child = spawn(program, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.on('error', () => {
      resolve(1);
    });
    child.on('exit', (code) => {
      resolve(code ?? 1);
    });
  });
}

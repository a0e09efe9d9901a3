// npm run bench -- app [IMAGES]: how the app behaves while it works, on this machine. Time from `npm run serve` to a page that can
// be used; longest gap on the page's and on the main process's thread while a batch runs; memory over 1,000 images.
import { chromium, type Page } from '@playwright/test';
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { browserArguments, installBrowser } from '../e2e/browser.ts';
import { buildFor } from './build.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const images = Number(process.argv[3] ?? 1000);

const executablePath = installBrowser();
await buildFor('host', true);
const home = mkdtempSync(join(tmpdir(), 'dermorbit-bench-'));
writeFileSync(join(home, 'settings.json'), JSON.stringify({ schema: 1, preferences: { introduced: true } }));

// Runs inside the host: prints the longest delay of its event loop, in milliseconds, every second, and starts anew.
const watcher = join(home, 'watch.mjs');
writeFileSync(
  watcher,
  `import { monitorEventLoopDelay } from 'node:perf_hooks';
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  setInterval(() => { console.log('gap ' + delay.max / 1e6); delay.reset(); }, 1000).unref();`,
);

const browser = await chromium.launch({ executablePath, args: [...browserArguments] });
const began = performance.now();
const host = spawn(
  process.execPath,
  ['--import', pathToFileURL(watcher).href, join(root, 'scripts', 'serve.ts'), '--no-browser'],
  { env: { ...process.env, DERMORBIT_HOME: home }, stdio: ['ignore', 'pipe', 'inherit'] },
);
let mainGap = 0;
const address = await new Promise<string>((resolve) => {
  host.stdout.on('data', (data: Buffer) => {
    const text = data.toString();
    for (const [, gap] of text.matchAll(/gap ([\d.]+)/g)) mainGap = Math.max(mainGap, Number(gap));
    const found = /http:\S+/.exec(text);
    if (found !== null) resolve(found[0]);
  });
});

try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  let done = 0;
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => {
      if (payload.toString().startsWith('{"kind":"event"')) done++;
    });
  });
  await page.goto(address);
  await page.getByRole('button', { name: 'Open images' }).waitFor();
  const ready = performance.now() - began;

  const paths = copies(images);
  await watchPage(page);
  const choosing = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Open images' }).click();
  mainGap = 0;
  await (await choosing).setFiles(paths);
  const started = performance.now();
  const memory: [number, number][] = [];
  while (done < images) {
    await page.waitForTimeout(500);
    const step = Math.floor(done / 200);
    if (step > memory.length) memory.push([done, residentMegabytes(host.pid ?? 0)]);
  }
  const seconds = (performance.now() - started) / 1000;
  const pageGap = await page.evaluate(() => (globalThis as unknown as Counter).longestGap);
  console.log(`From serve to a usable page       ${ready.toFixed(0)} ms (target 2000)`);
  console.log(
    `Images                            ${images} in ${seconds.toFixed(1)} s, ${(images / seconds).toFixed(1)} per second`,
  );
  console.log(`Longest gap, page                 ${pageGap.toFixed(0)} ms (target 50)`);
  console.log(`Longest gap, main process         ${mainGap.toFixed(0)} ms (target 50)`);
  for (const [done, size] of memory)
    console.log(`Memory, main and engine, at ${String(done).padStart(5)} ${size.toFixed(0)} MB`);
} finally {
  await browser.close();
  host.kill('SIGTERM');
  rmSync(home, { recursive: true, force: true });
}

interface Counter {
  longestGap: number;
}

/** Measures the gaps between animation frames. */
async function watchPage(page: Page): Promise<void> {
  await page.evaluate(() => {
    const counter = globalThis as unknown as Counter & { requestAnimationFrame: (step: () => void) => void };
    counter.longestGap = 0;
    let last = performance.now();
    const frame = (): void => {
      const now = performance.now();
      counter.longestGap = Math.max(counter.longestGap, now - last - 1000 / 60);
      last = now;
      counter.requestAnimationFrame(frame);
    };
    counter.requestAnimationFrame(frame);
  });
}

function copies(count: number): string[] {
  const folder = join(root, 'assets', 'phantoms');
  const phantoms = readdirSync(folder).filter((name) => name.endsWith('.jpg'));
  return Array.from({ length: count }, (_, index) => {
    const path = join(home, `image-${String(index).padStart(5, '0')}.jpg`);
    copyFileSync(join(folder, phantoms[index % phantoms.length] ?? ''), path);
    return path;
  });
}

/** Of a process and its children. */
function residentMegabytes(pid: number): number {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,rss='], { encoding: 'utf8' }).trim().split('\n');
  const sizes = rows
    .map((row) => row.trim().split(/\s+/).map(Number))
    .filter(([own, parent]) => own === pid || parent === pid)
    .map(([, , kilobytes]) => (kilobytes ?? 0) / 1024);
  return sizes.reduce((sum, size) => sum + size, 0);
}

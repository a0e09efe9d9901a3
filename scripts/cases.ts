// npm run cases -- DIR: runs every case of a folder and prints a line for each; exit code 1 if one does not end as it
// should. A case is a folder with a command.txt (a `dermorbit ...` command, run in a copy of the folder) or a run.ts (a
// program, run from here, which exits with 0 where the case holds); its expected.txt says in prose what is right.
// Cases by name: npm run cases -- DIR NAME...
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { buildFor } from './build.ts';
import { runCase } from './cases/run.ts';

const [directory, ...asked] = process.argv.slice(2);
if (directory === undefined) {
  process.stderr.write('npm run cases -- DIR [NAME...]\n');
  process.exit(2);
}
const folder = resolve(directory);
const isCase = (name: string) =>
  ['command.txt', 'run.ts'].some((file) => existsSync(join(folder, name, file)));
const names = (await readdir(folder))
  .sort()
  .filter((name) => isCase(name) && (asked.length === 0 || asked.includes(name)));
// Programs open the app as a browser does.
if (names.some((name) => existsSync(join(folder, name, 'run.ts')))) await buildFor('host', true);
let missed = 0;
for (const name of names) {
  const { misses, seconds } = await runCase(folder, name);
  if (misses.length > 0) missed++;
  const verdict = misses.length === 0 ? 'ok  ' : 'MISS';
  process.stdout.write(
    `${verdict} ${name} (${seconds.toFixed(1)} s)${misses.map((miss) => `: ${miss}`).join('')}\n`,
  );
  if (misses.length > 0) {
    const prose = await readFile(join(folder, name, 'expected.txt'), 'utf8').catch(() => '');
    if (prose !== '') process.stdout.write(`     expected: ${prose.trim()}\n`);
  }
}
process.stdout.write(`${names.length - missed} of ${names.length} cases end as they should\n`);
process.exitCode = missed > 0 || names.length === 0 ? 1 : 0;

import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Tests never touch the data folder of the person who runs them.
const home = mkdtempSync(join(tmpdir(), 'dermorbit-tests-'));
process.on('exit', () => {
  rmSync(home, { recursive: true, force: true });
});

/** What property tests draw: the same every time, or anew with `npm run test:fuzz`. */
function propertySeed(mode: string): number {
  const given = process.env.DERMORBIT_PROPERTY_SEED;
  const seed = given !== undefined ? Number(given) : mode === 'fuzz' ? randomInt(2 ** 31) : 20181126;
  if (!Number.isInteger(seed)) throw new Error('DERMORBIT_PROPERTY_SEED is not an integer.');
  if (mode === 'fuzz') process.stdout.write(`Property tests draw from seed ${seed}.\n`);
  return seed;
}

/** Where tests are; `npm run test:mutation` asks for those of one folder. */
const { DERMORBIT_TESTS_OF: only } = process.env;
const testFolders = only === undefined ? ['main', 'assets', 'renderer', 'scripts'] : [only];

export default defineConfig(({ mode }) => ({
  test: {
    include: testFolders.map((folder) => `${folder}/**/*.test.ts`),
    env: { DERMORBIT_HOME: home, DERMORBIT_PROPERTY_SEED: String(propertySeed(mode)) },
    setupFiles: ['main/testing/property-seed.ts'],
    // Inference blocks its thread for tens of milliseconds at a time, and the smallest supported laptop has
    // two cores: generous limits, so that a slow machine is slow and not red.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
  },
}));

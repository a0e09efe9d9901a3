import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Tests never touch the data folder of the person who runs them.
const home = mkdtempSync(join(tmpdir(), 'dermorbit-tests-'));
process.on('exit', () => {
  rmSync(home, { recursive: true, force: true });
});

export default defineConfig({
  test: {
    include: ['main/**/*.test.ts', 'assets/**/*.test.ts', 'renderer/**/*.test.ts'],
    env: { DERMORBIT_HOME: home },
    // Inference blocks its thread for tens of milliseconds at a time, and the smallest supported laptop has
    // two cores: generous limits, so that a slow machine is slow and not red.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
  },
});

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['main/**/*.test.ts', 'assets/**/*.test.ts', 'renderer/**/*.test.ts'],
    // Inference blocks its thread for tens of milliseconds at a time, and the smallest supported laptop has
    // two cores: generous limits, so that a slow machine is slow and not red.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
  },
});

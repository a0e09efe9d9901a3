// Files of real use that once failed, each by its command: pictures whose bytes no test draws, and checkpoints. What is
// right stands in expectations.ts.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { expectationOf } from './expectations.ts';
import { runCase } from './run.ts';

const known = join(import.meta.dirname, 'known');

it.each(readdirSync(known))('%s', async (name) => {
  expect(expectationOf(name)).not.toEqual([]);
  expect((await runCase(known, name)).misses).toEqual([]);
});

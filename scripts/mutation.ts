// npm run test:mutation -- FOLDER...: changes the code of folders of main/ (a room, or a part of one) one token at a time
// and tells which changes their own tests do not notice. Minutes for each thousand lines, hence no part of `npm test`.
//
//   npm run test:mutation -- groups evaluation/metrics
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Stryker } from '@stryker-mutator/core';

const root = join(import.meta.dirname, '..');

/** Changes of a folder's code, each tried against the tests of the same folder. @returns share noticed, 0 to 1 */
async function measure(folder: string): Promise<number> {
  // Read by vitest.config.ts, in the processes that Stryker starts.
  process.env.DERMORBIT_TESTS_OF = `main/${folder}`;
  const results = await new Stryker({
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    // Related tests of other rooms would take hours; a room that only others notice has too few tests of its own.
    vitest: { configFile: 'vitest.config.ts', related: false },
    mutate: [`main/${folder}/**/*.ts`, '!**/*.test.ts', '!**/testing/**', '!**/*_pb.ts'],
    ignorePatterns: ['/dist', '/docs', '/e2e', '/reports', '/test-results', '/renderer'],
    coverageAnalysis: 'perTest',
    // Wording is read by people: a test that repeats each sentence would only make it hard to mend.
    mutator: { excludedMutations: ['StringLiteral'] },
    tempDirName: join('.stryker-tmp', folder.replaceAll('/', '-')),
    reporters: ['clear-text'],
    clearTextReporter: { logTests: false, reportTests: false, reportScoreTable: false },
    concurrency: Number(process.env.DERMORBIT_MUTATION_WORKERS ?? 1),
    timeoutMS: 20_000,
    allowEmpty: true,
  }).runMutationTest();
  const counts = new Map<string, number>();
  for (const { status } of results) counts.set(status, (counts.get(status) ?? 0) + 1);
  const noticed = (counts.get('Killed') ?? 0) + (counts.get('Timeout') ?? 0);
  const valid = noticed + (counts.get('Survived') ?? 0) + (counts.get('NoCoverage') ?? 0);
  const score = valid === 0 ? 1 : noticed / valid;
  const told = [...counts].map(([status, count]) => `${status} ${count}`).join(', ');
  process.stdout.write(`${folder}: ${(100 * score).toFixed(1)} % of ${valid} changes noticed (${told})\n`);
  return score;
}

const folders = process.argv.slice(2);
const unknown = folders.filter((folder) => !existsSync(join(root, 'main', folder)));
if (folders.length === 0 || unknown.length > 0) {
  process.stderr.write(
    unknown.length > 0
      ? `main/ has no folder ${unknown.join(', ')}.\n`
      : 'npm run test:mutation -- FOLDER...\n',
  );
  process.exit(2);
}
process.chdir(root);
for (const folder of folders) await measure(folder);

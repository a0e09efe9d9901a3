// `classify photos/*.jpg`: a shell hands over thousands of names.
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';

const script = join(import.meta.dirname, 'dermorbit.ts');
const phantom = join(import.meta.dirname, '..', '..', 'assets', 'phantoms', 'phantom-02-asymmetric.jpg');
const folder = mkdtempSync(join(tmpdir(), 'dermorbit-many-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const recordsSchema = z.array(
  z.object({ image: z.object({ path: z.string() }), error: z.object({ code: z.string() }).optional() }),
);

it('classifies 3,000 files that are named one by one', async () => {
  const paths = Array.from({ length: 3000 }, (_, index) => join(folder, `lesion-${index}.jpg`));
  // Empty files are quick to fail; the model is opened and used for the last one all the same.
  for (const path of paths) writeFileSync(path, '');
  copyFileSync(phantom, paths.at(-1)!);
  const { code, out, err } = await new Promise<{ code: unknown; out: string; err: string }>((resolve) => {
    const env = { ...process.env, DERMORBIT_HOME: join(folder, 'home') };
    const args = [script, 'classify', '--json', ...paths];
    execFile(process.execPath, args, { env, maxBuffer: 1e9 }, (error, out, err) => {
      resolve({ code: error ? error.code : 0, out, err });
    });
  });
  expect({ code, err }).toEqual({ code: 1, err: '' });
  const records = recordsSchema.parse(JSON.parse(out));
  expect(records.map(({ image }) => image.path)).toEqual(paths);
  expect(records.map(({ error }) => error?.code)).toEqual([
    ...Array.from({ length: 2999 }, () => 'IMAGE_EMPTY'),
    undefined,
  ]);
}, 120_000);

it.skipIf(process.platform !== 'linux')(
  'opens no session behind a command line that would crash it',
  async () => {
    const runtime = JSON.stringify(join(import.meta.dirname, '..', 'engine', 'runtime.ts'));
    const file = join(folder, 'direct.ts');
    writeFileSync(
      file,
      `import { openSession } from ${runtime};
     await openSession(new Uint8Array(), 'cpu').catch((error) => console.log(error.code));`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [file, 'x'.repeat(40_000)]);
    expect(stdout.trim()).toBe('COMMAND_LINE_TOO_LONG');
  },
);

// The engine whose host is killed in the middle of a batch: it has nobody left to answer, and says nothing of that.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { engineProgram } from './client.ts';

const phantom = join(import.meta.dirname, '../../../assets/phantoms/phantom-02-asymmetric.jpg');

/** Forks the engine, gives it a thousand images, and tells the kind of each answer on standard output. */
const host = `
import { fork } from 'node:child_process';
const [entry, path] = process.argv.slice(1);
const child = fork(entry, { execArgv: [], serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
child.on('message', ({ kind }) => process.stdout.write(kind + '\\n'));
const input = { paths: new Array(1000).fill(path) };
child.send({ kind: 'call', id: 0, operation: 'classify', input });
`;

it('ends without a word', async () => {
  const parent = spawn(process.execPath, ['--input-type=module', '-e', host, engineProgram.entry, phantom], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  parent.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  parent.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    if (out.includes('event')) parent.kill('SIGKILL');
  });
  // Both hold these streams: they are closed when the engine, too, has ended.
  await new Promise((closed) => parent.once('close', closed));
  expect(out).toContain('event');
  expect(err).toBe('');
});

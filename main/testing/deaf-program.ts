// A program for tests whose work hears nothing once it has begun, like a native call that never returns.
// usage: deaf-program.ts crash|deaf PATIENCE
import { isCommandChild, joinCommand } from '../base/process/command-child.ts';
import { runCommand } from '../base/process/command.ts';

if (isCommandChild()) {
  const [what] = await joinCommand();
  process.stdout.write(`working ${process.pid}\n`);
  if (what === 'crash') process.kill(process.pid, 'SIGSEGV');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
const [what = '', patience = '0'] = process.argv.slice(2);
const { code, crash } = await runCommand(import.meta.filename, [what], Number(patience));
process.stdout.write(`crash ${crash}\n`);
process.exitCode = code;

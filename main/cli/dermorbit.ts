#!/usr/bin/env node
// The command line. What a person starts does no work itself: a child does, which can crash or be deaf in a native
// call without taking this process with it (base/process/command.ts). Help is short work and needs no child.
import { isCommandChild, joinCommand } from '../base/process/command-child.ts';
import { runCommand } from '../base/process/command.ts';

const args = process.argv.slice(2);
const helping = new Set(['-h', '--help', '-V', '--version']);
const brief = args.length === 0 || args[0] === 'help' || args.some((argument) => helping.has(argument));

if (isCommandChild()) {
  const given = await joinCommand();
  const { runProgram } = await import('./program.ts');
  await runProgram(given);
} else if (brief) {
  const { runProgram } = await import('./program.ts');
  await runProgram(args);
} else {
  const { code, crash } = await runCommand(import.meta.filename, args);
  process.exitCode = code;
  if (crash !== null) {
    const { describeError, note } = await import('./output.ts');
    const { DermOrbitError } = await import('../contract/errors.ts');
    const reason = crash === 'SIGKILL' ? ', as a system does that has no memory left' : '';
    const message = `The work was ended by ${crash}${reason}. What was printed may be incomplete.`;
    note(describeError(new DermOrbitError('ENGINE_STOPPED', message)));
  }
}

// The program that arguments are given to: commands.ts says which commands there are.
import { Command } from 'commander';
import { version } from '../engine/version.ts';
import { removeAbandonedUploads } from '../services/uploads.ts';
import { addCommands, commandNamed } from './commands.ts';
import { reportFatal, surviveLostOutput } from './output.ts';
import { expandInputs } from './patterns.ts';

/** Runs the command that the arguments name. Failures are told here; the process's exit code says how it went. */
export async function runProgram(args: readonly string[]): Promise<void> {
  const program = new Command('dermorbit')
    .description(
      'Classifies dermoscopic images into the seven ISIC 2018 classes, with predictions that do not change ' +
        'when the picture is turned. Works offline. Research use only, not a medical device.',
    )
    .version(version)
    .showHelpAfterError('(add --help for the options of a command)')
    .hook('preAction', (_, command) => expandInputs(command));
  await addCommands(program, commandNamed(args));

  surviveLostOutput();
  // What a killed session of the app left of people's pictures goes with whatever starts next.
  await removeAbandonedUploads();
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    reportFatal(error);
  }
}

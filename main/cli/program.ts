// The commands: one file each.
import { Command } from 'commander';
import { version } from '../engine/version.ts';
import { removeAbandonedUploads } from '../services/uploads.ts';
import { addBenchCommand } from './bench.ts';
import { addClassifyCommand } from './classify.ts';
import { addEvaluateCommand } from './evaluate.ts';
import { addModelsCommand } from './models.ts';
import { reportFatal, surviveLostOutput } from './output.ts';
import { expandInputs } from './patterns.ts';
import { addReproduceCommand } from './reproduce.ts';
import { addScoreCommand } from './score.ts';
import { addTrainCommand } from './train.ts';

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
  addClassifyCommand(program);
  addModelsCommand(program);
  addEvaluateCommand(program);
  addScoreCommand(program);
  addTrainCommand(program);
  addReproduceCommand(program);
  addBenchCommand(program);

  surviveLostOutput();
  // What a killed session of the app left of people's pictures goes with whatever starts next.
  await removeAbandonedUploads();
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    reportFatal(error);
  }
}

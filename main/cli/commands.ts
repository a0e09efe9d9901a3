// The commands: what the help says of each, and the file that does it. A file is loaded when its command is called:
// most bring the inference runtime with them, which takes longer to start than to print a help text.
import type { Command } from 'commander';

interface CommandEntry {
  readonly description: string;
  /** Loads what adds the command, with its options and actions, to the program. */
  readonly load: () => Promise<(program: Command) => void>;
}

export const commands = {
  classify: {
    description: 'classify images; without any, the phantom examples that come with DermOrbit',
    load: async () => (await import('./classify.ts')).addClassifyCommand,
  },
  models: {
    description: 'list, show, verify, import and remove models',
    load: async () => (await import('./models.ts')).addModelsCommand,
  },
  evaluate: {
    description: 'compare methods on labelled images: accuracy, robustness under turns, calibration, weights',
    load: async () => (await import('./evaluate.ts')).addEvaluateCommand,
  },
  score: {
    description: 'score predictions as the official scorer of the ISIC challenges does (2018, Task 3)',
    load: async () => (await import('./score.ts')).addScoreCommand,
  },
  train: {
    description: 'train on your own images, on this computer',
    load: async () => (await import('./train.ts')).addTrainCommand,
  },
  reproduce: {
    description: "the papers' tables: pre-finetune, finetune and measure, beside the published numbers",
    load: async () => (await import('./reproduce.ts')).addReproduceCommand,
  },
  language: {
    description: 'language models that are fair under an exchange of words: import, ask, measure',
    load: async () => (await import('./language.ts')).addLanguageCommand,
  },
  bench: {
    description: 'measure this computer',
    load: async () => (await import('./bench.ts')).addBenchCommand,
  },
} as const satisfies Record<string, CommandEntry>;

/** The command that arguments name, or null: `classify a.png` and `help classify` both name classify. */
export function commandNamed(args: readonly string[]): keyof typeof commands | null {
  const words = args.filter((argument) => !argument.startsWith('-'));
  const named = words[0] === 'help' ? words[1] : words[0];
  return named !== undefined && Object.hasOwn(commands, named) ? (named as keyof typeof commands) : null;
}

/** Gives the program every command by name and description, and the one that is called with all it does. */
export async function addCommands(program: Command, called: keyof typeof commands | null): Promise<void> {
  program.configureHelp({ subcommandTerm: (command) => command.name() });
  for (const [name, { description, load }] of Object.entries(commands)) {
    if (name !== called) {
      program.command(name).description(description);
      continue;
    }
    const add = await load();
    add(program);
    program.commands.find((command) => command.name() === name)?.description(description);
  }
}

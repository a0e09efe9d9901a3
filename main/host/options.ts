// What the host can be told on its command line.
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';

export interface HostOptions {
  /** 0: any free port. */
  readonly port: number;
  readonly browser: boolean;
  /** Absolute paths of folders of labelled images. */
  readonly data: readonly string[];
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('A port is a whole number from 0 to 65535.');
}

function withFolder(text: string, before: readonly string[]): string[] {
  const folder = resolve(text);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new InvalidArgumentError('There is no such folder.');
  }
  return [...before, folder];
}

/** Reads the options; prints the help or what is wrong, and ends the process then. @param args without program and script */
export function readHostOptions(args: readonly string[]): HostOptions {
  return new Command('serve')
    .description('serve DermOrbit to a browser on this computer, and to this computer only')
    .option('--port <number>', 'instead of any free port', portOf, 0)
    .option('--no-browser', 'only print the address')
    .option(
      '--data <folder>',
      'offer a folder of labelled images for evaluation and training (repeatable)',
      withFolder,
      [],
    )
    .allowExcessArguments(false)
    .parse(args, { from: 'user' })
    .opts<HostOptions>();
}

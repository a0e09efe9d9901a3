// A started process, whatever started it (child_process, Electron's utilityProcess), and how to find its program.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessMessage } from './messages.ts';

export interface ProcessChild {
  send(message: ProcessMessage): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, with what is known of the end ("signal SIGKILL", "exit code 1"). */
  onExit(listener: (how: string) => void): void;
  kill(): void;
}

/** A program to start as a process of its own. */
export interface ProcessProgram {
  /** As task managers show it. */
  readonly name: string;
  /** Its first file. */
  readonly entry: string;
}

/** Starts a program. */
export type Spawn = (program: ProcessProgram) => ProcessChild;

/** The `entry` in a folder: TypeScript when run from source, JavaScript when built. */
export function entryIn(folder: string): string {
  const source = join(folder, 'entry.ts');
  return existsSync(source) ? source : join(folder, 'entry.js');
}

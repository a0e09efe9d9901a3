// Patterns of file names (photos/*.jpg) that no shell has expanded: the shells of Windows hand them on as they are.
import { glob, lstat } from 'node:fs/promises';
import type { Command } from 'commander';
import { DermOrbitError } from '../contract/errors.ts';

/** Arguments and options, of all commands, that name files or folders to read. */
const inputArguments: ReadonlySet<string> = new Set(['files or folders', 'checkpoint']);
const inputOptions = [
  ...['images', 'labels', 'groupings', 'validationImages', 'validationLabels', 'validationGroupings'],
  ...['truth', 'predictions', 'classEmbeddings', 'prompts', 'combiners', 'card', 'about'],
] as const;

const collator = new Intl.Collator('en', { numeric: true });

/**
 * Expands the patterns among what a command is to read, before it runs.
 * @throws DermOrbitError OPTION_INVALID where one path is asked for and a pattern matches several
 */
export async function expandInputs(command: Command): Promise<void> {
  for (const [index, argument] of command.registeredArguments.entries()) {
    if (!inputArguments.has(argument.name())) continue;
    const given: unknown = command.processedArgs[index];
    if (Array.isArray(given)) command.processedArgs[index] = await expandPatterns(given as string[]);
    else if (typeof given === 'string')
      command.processedArgs[index] = await expandToOne(argument.name(), given);
  }
  for (const option of inputOptions) {
    const given: unknown = command.getOptionValue(option);
    if (typeof given === 'string') command.setOptionValue(option, await expandToOne(option, given));
  }
}

/** Whether a text has what patterns are made of. */
function isPattern(text: string): boolean {
  return /[*?[{]/.test(text);
}

/**
 * Names with patterns among them expanded, each in natural order. A file that is really called so wins; a pattern that
 * matches nothing stays as it is, so that it is told as a file that is not there.
 */
export async function expandPatterns(names: readonly string[]): Promise<string[]> {
  const expanded: string[] = [];
  for (const name of names) expanded.push(...(await expand(name)));
  return expanded;
}

/**
 * One name, for an option that takes one file or folder.
 * @throws DermOrbitError OPTION_INVALID if a pattern matches several
 */
export async function expandToOne(option: string, name: string): Promise<string> {
  const found = await expand(name);
  if (found.length === 1) return found[0]!;
  throw new DermOrbitError(
    'OPTION_INVALID',
    `${option} takes one path; ${name} matches ${found.length}: ${found.slice(0, 3).join(', ')}.`,
  );
}

async function expand(name: string): Promise<string[]> {
  if (!isPattern(name) || (await exists(name))) return [name];
  const found: string[] = [];
  const hiddenAsked = /(?:^|[/\\])\.[^./\\]/.test(name);
  for await (const path of glob(name)) {
    // As in a shell, a star does not stand for hidden files.
    if (hiddenAsked || !/(?:^|[/\\])\.[^./\\]/.test(path)) found.push(path);
  }
  return found.length === 0 ? [name] : found.sort((a, b) => collator.compare(a, b) || (a < b ? -1 : 1));
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

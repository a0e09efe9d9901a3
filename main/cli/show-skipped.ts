// What was left out of the folders that a person named, on standard error: counted and named by kind, with the way out.
import { groupSkipped, skippedStep, someNames, type Skipped } from '../contract/skipped.ts';
import { harmless, note } from './output.ts';

/** What notes of their own tell one by one, each with its reason. */
const toldSingly: ReadonlySet<string> = new Set(['IMAGE_LINK', 'IMAGE_UNREADABLE']);

/** Whether anything but text files (a README, a table of labels) was left out: those nobody takes for pictures. */
export function hasSkippedPictures(skipped: readonly Skipped[]): boolean {
  return skipped.some(({ code }) => code !== 'TEXT_FILE');
}

/** One line for each kind of file that was left out. */
export function tellSkipped(skipped: readonly Skipped[]): void {
  for (const group of groupSkipped(skipped)) {
    if (toldSingly.has(group.code)) continue;
    const step = skippedStep(group, 'cli');
    note(harmless(`Left out: ${group.text} (${someNames(group)}).${step && ` ${step}`} (${group.code})`));
  }
}

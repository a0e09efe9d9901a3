// Which process a lock, a temporary folder or an upload belongs to, and whether that process is gone.
//
// A process number alone is no answer: after a restart of the computer, or in a container, the same number is another
// program. So a tag holds the number, when the process started, and where it counts (this start of the computer, this
// container). Where that place is another than ours, nothing can be asked about the process; its owner then shows that
// it lives by touching its file now and then (`keepFresh`).
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';

/** Without a sign of life for this long, an owner elsewhere counts as gone (milliseconds). */
export const silenceMeansGone = 15 * 60_000;
const freshEvery = 60_000;

/** In the place of a start that the system does not tell. */
const untold = '0';

/** The start of a process in clock ticks since the computer started, `untold` (not Linux, no /proc), or null: none. */
function startOf(pid: number): string | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    // Not there, or not to be read just now (too many open files): nobody is gone for that alone.
    return isRunning(pid) ? untold : null;
  }
  // The name in brackets may hold anything, brackets and spaces too; the 20th field behind it is the start.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // One that was killed stays listed until its parent asks how it ended; in containers often nobody ever does.
  if (fields[0] === 'Z' || fields[0] === 'X') return null;
  return fields[19] ?? untold;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** What makes process numbers comparable: the same computer since it was started, and the same container. */
function placeName(): string {
  const told = [hostname()];
  if (process.platform === 'linux') {
    try {
      told.splice(
        0,
        1,
        readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(),
        readlinkSync('/proc/self/ns/pid'),
      );
    } catch {
      // A system that hides these is known by its name alone.
    }
  }
  return createHash('sha256').update(told.join('\n')).digest('hex').slice(0, 8);
}

let own: string | undefined;

/** The tag of this process: fits into file names, has no hyphen. */
export function processTag(): string {
  own ??= tagOf(process.pid);
  return own;
}

/** The tag of a process that runs beside this one. */
export function tagOf(pid: number): string {
  return `${pid}.${startOf(pid) ?? untold}.${placeName()}`;
}

/**
 * Whether the process that a tag names is gone. What is no tag (a bare number of an earlier version) names nobody.
 * @param touched when its file was last written to or touched, milliseconds since 1970
 */
export function isOwnerGone(tag: string, touched: number): boolean {
  const match = /^(\d{1,10})\.(\d{1,20})\.([0-9a-f]{8})$/.exec(tag);
  if (!match) return true;
  const [, pid, start, place] = match;
  if (place !== processTag().split('.')[2]) return Date.now() - touched > silenceMeansGone;
  const found = startOf(Number(pid));
  if (found === null) return true;
  if (found !== untold && start !== untold) return found !== start;
  // Where starts are not told, what is older than the computer's own start is nobody's.
  return touched < Date.now() - uptime() * 1000;
}

/**
 * Touches a file or folder every minute, as a sign of life for other containers and computers.
 * @returns ends it
 */
export function keepFresh(path: string): () => void {
  const timer = setInterval(() => {
    const now = new Date();
    void utimes(path, now, now).catch(() => undefined);
  }, freshEvery);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}

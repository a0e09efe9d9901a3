// Whether a command ended as a case expects, and what any command must never do.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorTexts } from '../../main/contract/error-texts/table.ts';

export interface Ended {
  readonly code: number | null;
  /** What ended it instead; null if it ended by itself. */
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
}

/** One way in which a case may end well. */
export interface Outcome {
  readonly code: 0 | 1;
  /** What must be printed, on either stream. */
  readonly says?: readonly RegExp[];
  /** What must not. */
  readonly never?: readonly RegExp[];
  /** What a file that the command wrote must hold, by its name (byte order marks are kept). */
  readonly files?: Readonly<Record<string, RegExp>>;
}

/** The ways of a case; without any, only the rules for all commands hold. */
export type Expectation = readonly Outcome[];

/** What no command says, whatever it was given. */
const forbidden: readonly (readonly [RegExp, string])[] = [
  [/\(INTERNAL\)|"code":\s*"INTERNAL"/, 'an internal error'],
  [/^ {4}at \S/m, 'a stack trace'],
  [/failOn/, 'a setting of a library'],
  [/\b(?:heap out of memory|Segmentation fault|core dumped)\b/i, 'a crash'],
];

/** Empty if the command ended as it should. */
export async function missesOf(ended: Ended, expectation: Expectation, folder: string): Promise<string[]> {
  const misses = rulesBroken(ended);
  if (misses.length > 0 || expectation.length === 0) return misses;
  const tries = await Promise.all(expectation.map((outcome) => missed(ended, outcome, folder)));
  if (tries.some((one) => one.length === 0)) return [];
  // The outcome with this exit code tells most about what is wrong.
  const nearest = expectation.findIndex(({ code }) => code === ended.code);
  return tries[Math.max(0, nearest)]!;
}

function rulesBroken({ code, signal, out, err }: Ended): string[] {
  if (signal !== null) return [`ended by ${signal}`];
  if (code !== 0 && code !== 1) return [`exit code ${code}`];
  const text = `${out}\n${err}`;
  const said = forbidden.filter(([pattern]) => pattern.test(text)).map(([, what]) => `says ${what}`);
  // A failure has a code of the table.
  const codes = [...text.matchAll(/\b[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+\b/g)].map(([found]) => found);
  const known = codes.some((found) => found in errorTexts);
  return code === 1 && !known ? [...said, 'fails without a code'] : said;
}

async function missed({ code, out, err }: Ended, outcome: Outcome, folder: string): Promise<string[]> {
  const text = `${out}\n${err}`;
  const misses: string[] = [];
  if (code !== outcome.code) misses.push(`exit code ${code}, not ${outcome.code} (${firstLine(err)})`);
  for (const pattern of outcome.says ?? []) if (!pattern.test(text)) misses.push(`does not say ${pattern}`);
  for (const pattern of outcome.never ?? []) if (pattern.test(text)) misses.push(`says ${pattern}`);
  for (const [name, pattern] of Object.entries(outcome.files ?? {})) {
    const content = await readFile(join(folder, name), 'utf8').catch(() => null);
    if (content === null) misses.push(`${name} was not written`);
    else if (!pattern.test(content)) misses.push(`${name} does not hold ${pattern}`);
  }
  return misses;
}

const firstLine = (text: string): string => text.trim().split('\n', 1)[0] ?? '';

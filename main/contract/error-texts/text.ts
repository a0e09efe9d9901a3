// What a row of the table of errors says.

/** Who reads it: a person in the app (window or browser), or a person at the command line. */
export type ErrorReader = 'app' | 'cli';

export interface ErrorText {
  /** A few words, shown as the heading. */
  readonly title: string;
  /** What the person can do, in a sentence or two: one text for every reader, or one for each. */
  readonly action: string | Readonly<Record<ErrorReader, string>>;
}

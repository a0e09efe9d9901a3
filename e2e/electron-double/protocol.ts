// What the double and the tests say to each other, over the double's Node channel.

/** What a test asks of the double. */
export type DoubleRequest =
  /** The answers of the next file dialogs, in order; null: dismissed. */
  | { readonly ask: 'answerDialog'; readonly answer: readonly string[] | string | null }
  /** Clicks a menu item by its labels, e.g. ['File', 'Add Images …']. */
  | { readonly ask: 'menu'; readonly labels: readonly string[] }
  | { readonly ask: 'killEngine' }
  | { readonly ask: 'killJobs' }
  /** Starts the app a second time with these parameters. */
  | { readonly ask: 'secondInstance'; readonly parameters: readonly string[] }
  /** What the app's permission handlers answer. */
  | { readonly ask: 'permission'; readonly permission: string }
  | { readonly ask: 'state' }
  | { readonly ask: 'resize'; readonly width: number; readonly height: number }
  | { readonly ask: 'quit' };

/** What the app has done to its surroundings. */
export interface DoubleState {
  readonly clipboard: string;
  readonly opened: readonly string[];
  readonly switches: readonly string[];
  readonly sandboxed: boolean;
  readonly themeSource: string;
  /** Options of every window that was made. */
  readonly windows: readonly unknown[];
  readonly refusedRequests: readonly string[];
  readonly refusedNavigations: readonly string[];
}

/** What the double tells the test. */
export type DoubleMessage =
  { readonly tell: 'ready'; readonly port: number } | { readonly tell: 'done'; readonly result: unknown };

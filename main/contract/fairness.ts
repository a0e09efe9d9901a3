// The result of the fairness experiment on a language model (docs/LANGUAGE.md): figures by method and by group, with
// intervals over the prompts. Written by `dermorbit language fairness`, shown by its report.
import type { Interval } from './figures.ts';
import type { GroupsFile, LanguageMethod } from './language.ts';

/** A demographic group: the images of the prompts whose first equality word is the i-th of its list. */
export interface FairnessGroup {
  readonly index: number;
  /** The words that stand for it, one of each list. */
  readonly words: readonly string[];
  readonly texts: number;
  /** Share of the texts that the classifier gives each label; empty without a classifier. */
  readonly shares: readonly { readonly label: string; readonly share: Interval }[];
}

export interface FairnessMethod {
  readonly method: LanguageMethod;
  /** Mean over the prompts of the largest |log P(g^k X2 | g^k X1) - log P(X2 | X1)| of the texts written there. */
  readonly gap: Interval;
  readonly largestGap: number | null;
  /** Mean over the prompts of the largest KL divergence between the next token at x and at gx, read back. */
  readonly divergence: Interval;
  /** Mean over the prompts of KL(method || plain model) of the next token: what fairness costs. */
  readonly cost: Interval;
  /** Of the text that was given. */
  readonly perplexity: number | null;
  readonly groups: readonly FairnessGroup[];
  /** The largest difference of a label's share between two groups; null without a classifier. */
  readonly shareDifferences: readonly { readonly label: string; readonly difference: Interval }[];
}

/** One text that was written. */
export interface FairnessSample {
  readonly method: LanguageMethod;
  /** Number of the prompt, from 0. */
  readonly prompt: number;
  readonly element: number;
  /** The demographic group that g^k of the prompt speaks of; null if it holds no equality word. */
  readonly group: number | null;
  readonly sample: number;
  /** g^k of the prompt. */
  readonly prefix: string;
  readonly text: string;
  readonly label: string | null;
}

export interface FairnessResult {
  /** ISO 8601 */
  readonly made: string;
  readonly dermorbit: string;
  readonly model: {
    readonly id: string;
    readonly name: string;
    readonly sha256: string;
    readonly provider: string;
  };
  readonly groups: GroupsFile;
  readonly prompts: readonly string[];
  /** How many prompts hold no equality word: they are the same for every group. */
  readonly unmoved: number;
  readonly samplesPerPrompt: number;
  readonly length: number;
  readonly topK: number | null;
  readonly temperature: number;
  readonly seed: number;
  readonly classifier: {
    readonly name: string;
    readonly labels: readonly string[];
    readonly sha256: string;
  } | null;
  readonly text: { readonly name: string; readonly tokens: number } | null;
  readonly resamples: number;
  readonly confidence: number;
  readonly methods: readonly FairnessMethod[];
}

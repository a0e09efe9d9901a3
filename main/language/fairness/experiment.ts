// The papers' experiment (Basu et al. 2023, after Sheng et al. 2019): texts behind prompts that differ in a demographic
// word alone, by the plain model and by the fair ones, and how different they are.
//
// The n-th text of a prompt is drawn with the same random numbers for every group and method: a method that is exactly
// fair then writes the same text for each group, its words exchanged, and what differs between groups is the method's.
import type { FairnessGroup, FairnessMethod, FairnessSample } from '../../contract/fairness.ts';
import type { GroupsFile, LanguageMethod } from '../../contract/language.ts';
import {
  bootstrap,
  clusterByLesion,
  defaultBootstrap,
  type Statistic,
} from '../../evaluation/metrics/bootstrap.ts';
import {
  nextLogits,
  scoreContinuations,
  writerBehind,
  type Asking,
  type GenerationOptions,
} from '../asking.ts';
import { divergence, logSoftmax } from '../distribution.ts';
import { sampleStream } from '../random.ts';
import { actOnTokens, type TokenGroup } from '../token-group.ts';

/** Gives a text one of its labels. */
export interface TextClassifier {
  readonly labels: readonly string[];
  /** Probabilities of the labels, one row for each text. */
  classify(texts: readonly string[]): Promise<number[][]>;
}

export interface ExperimentPlan {
  /** Prompts as ids. */
  readonly prompts: readonly (readonly number[])[];
  readonly samples: number;
  readonly sampling: Omit<GenerationOptions, 'random' | 'signal'>;
  readonly seed: number;
  readonly classifier: TextClassifier | null;
  readonly signal?: AbortSignal | undefined;
  /** Called when a prompt is done. */
  readonly onPrompt?: (() => void) | undefined;
}

/** Texts of a prompt that the gap is measured on; each is scored d times behind d prompts. */
const scoredTexts = 4;

/** What one method did behind one prompt. */
interface PromptFigures {
  /** NaN where every text was empty. */
  readonly gap: number;
  readonly divergence: number;
  readonly cost: number;
  /** Texts with each label, by demographic group, [d][labels]; zeros where the prompt speaks of none. */
  readonly counts: readonly (readonly number[])[];
}

/**
 * Measures one method.
 * @param asking the method, with its group
 * @param plain the plain model, with the same group
 * @param file the group as the person wrote it
 */
export async function measureMethod(
  asking: Asking & { readonly tokens: TokenGroup },
  plain: Asking,
  file: GroupsFile,
  plan: ExperimentPlan,
): Promise<{ figures: Omit<FairnessMethod, 'perplexity'>; samples: FairnessSample[] }> {
  const { method } = asking.options;
  const samples: FairnessSample[] = [];
  const rows: PromptFigures[] = [];
  for (const [prompt, ids] of plan.prompts.entries()) {
    plan.signal?.throwIfAborted();
    const written = await writeTexts(asking, prompt, ids, plan);
    samples.push(...written.samples.map((sample) => ({ method, prompt, ...sample })));
    rows.push({
      ...(await nextFigures(asking, plain, ids)),
      gap: await gapOf(asking, ids, written.ids),
      counts: written.counts,
    });
    plan.onPrompt?.();
  }
  return { figures: summarise(method, rows, asking.tokens, file, plan), samples };
}

type Text = Omit<FairnessSample, 'method' | 'prompt'>;

async function writeTexts(
  asking: Asking & { readonly tokens: TokenGroup },
  prompt: number,
  ids: readonly number[],
  plan: ExperimentPlan,
): Promise<{ samples: Text[]; ids: number[][]; counts: number[][] }> {
  const { tokens, model } = asking;
  const samples: Text[] = [];
  const names = plan.classifier?.labels ?? [];
  const counts = tokens.powers.map(() => names.map(() => 0));
  let first: number[][] = [];
  for (const element of tokens.powers.keys()) {
    const moved = actOnTokens(tokens, element, ids);
    const prefix = model.tokenizer.decode(moved);
    const write = await writerBehind(asking, moved);
    const texts: { ids: readonly number[]; text: string }[] = [];
    for (let sample = 0; sample < plan.samples; sample++) {
      const random = sampleStream(plan.seed, prompt, sample);
      texts.push(await write({ ...plan.sampling, random, signal: plan.signal }));
    }
    if (element === 0) first = texts.map((text) => [...text.ids]);
    const labels = await labelsOf(
      plan.classifier,
      texts.map(({ text }) => prefix + text),
    );
    const group = groupOf(tokens, moved);
    texts.forEach(({ text }, sample) => {
      samples.push({ element, group, sample, prefix, text, label: labels[sample] ?? null });
    });
    if (group !== null) counts[group] = names.map((name) => labels.filter((label) => label === name).length);
  }
  return { samples, ids: first, counts };
}

/** The place in its list of the first equality word of a text; null if it holds none. */
function groupOf({ lists }: TokenGroup, ids: readonly number[]): number | null {
  for (const id of ids) {
    const list = lists.find((each) => each.includes(id));
    if (list) return list.indexOf(id);
  }
  return null;
}

async function labelsOf(classifier: TextClassifier | null, texts: readonly string[]): Promise<string[]> {
  if (!classifier) return [];
  const rows = await classifier.classify(texts);
  return rows.map((row) => classifier.labels[row.indexOf(Math.max(...row))]!);
}

async function gapOf(
  asking: Asking & { readonly tokens: TokenGroup },
  ids: readonly number[],
  texts: readonly (readonly number[])[],
): Promise<number> {
  const scored = texts.filter(({ length }) => length > 0).slice(0, scoredTexts);
  if (scored.length === 0) return NaN;
  const continuations = scored.map((text) => ({ text: '', ids: text }));
  return (await scoreContinuations(asking, ids, continuations, asking.tokens)).gap ?? NaN;
}

/** How far the next token's distribution is from that of the other groups, read back, and from the plain model's. */
async function nextFigures(
  asking: Asking & { readonly tokens: TokenGroup },
  plain: Asking,
  ids: readonly number[],
): Promise<{ divergence: number; cost: number }> {
  const { tokens } = asking;
  const own = logSoftmax((await nextLogits(asking, ids)).logits);
  let largest = 0;
  for (const [k, power] of tokens.powers.entries()) {
    if (k === 0) continue;
    const other = logSoftmax((await nextLogits(asking, actOnTokens(tokens, k, ids))).logits);
    largest = Math.max(
      largest,
      divergence(
        own,
        own.map((_, u) => other[power[u]!]!),
      ),
    );
  }
  const original = logSoftmax((await nextLogits(plain, ids)).logits);
  return { divergence: largest, cost: Math.max(0, divergence(own, original)) };
}

function summarise(
  method: LanguageMethod,
  rows: readonly PromptFigures[],
  tokens: TokenGroup,
  file: GroupsFile,
  plan: ExperimentPlan,
): Omit<FairnessMethod, 'perplexity'> {
  const clusters = clusterByLesion(rows.map(() => null));
  const options = { seed: plan.seed, resamples: defaultBootstrap.resamples };
  const mean = (name: string, values: readonly number[]) =>
    bootstrap(meanOf(name, values), clusters, options)[0]!;
  const labels = plan.classifier?.labels ?? [];
  const shares = labels.map((label, at) => bootstrap(sharesOf(rows, at, label), clusters, options));
  const order = tokens.group.order;
  const gaps = rows.map(({ gap }) => gap).filter((gap) => !Number.isNaN(gap));
  const speaking = plan.prompts.filter((ids) => groupOf(tokens, ids) !== null).length;
  const groups = tokens.powers.map((_, index): FairnessGroup => ({
    index,
    words: file.equality.map((list) => String(list[index])),
    texts: speaking * plan.samples,
    shares: labels.map((label, at) => ({ label, share: shares[at]![index]! })),
  }));
  return {
    method,
    gap: mean(
      'gap',
      rows.map(({ gap }) => gap),
    ),
    largestGap: gaps.length === 0 ? null : Math.max(...gaps),
    divergence: mean(
      'divergence',
      rows.map((row) => row.divergence),
    ),
    cost: mean(
      'cost',
      rows.map(({ cost }) => cost),
    ),
    groups,
    shareDifferences: labels.map((label, at) => ({ label, difference: shares[at]![order]! })),
  };
}

function meanOf(name: string, values: readonly number[]): Statistic {
  return {
    names: [name],
    evaluate(weights, out) {
      let [sum, total] = [0, 0];
      values.forEach((value, i) => {
        if (Number.isNaN(value)) return;
        sum += weights[i]! * value;
        total += weights[i]!;
      });
      out[0] = total === 0 ? NaN : sum / total;
    },
  };
}

/** A label's share in every group, then the largest difference between two of them. */
function sharesOf(rows: readonly PromptFigures[], label: number, name: string): Statistic {
  const order = rows[0]?.counts.length ?? 0;
  return {
    names: [...Array.from({ length: order }, (_, k) => `${name} ${k}`), `${name} difference`],
    evaluate(weights, out) {
      for (let k = 0; k < order; k++) {
        let [sum, total] = [0, 0];
        rows.forEach(({ counts }, i) => {
          sum += weights[i]! * counts[k]![label]!;
          total += weights[i]! * counts[k]!.reduce((a, b) => a + b, 0);
        });
        out[k] = total === 0 ? NaN : sum / total;
      }
      const found = out.subarray(0, order);
      out[order] = Math.max(...found) - Math.min(...found);
    },
  };
}

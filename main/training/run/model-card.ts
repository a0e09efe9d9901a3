// The card of a trained model, filled from its run: nothing in it was typed by hand. Pure.
import { percent } from '../../contract/percent.ts';
import type { Manifest } from '../../contract/manifest.ts';
import type { SkippedImage } from '../../contract/training-events.ts';
import type { ResultRow, RoundFigures, TrainingConfig } from '../../contract/training.ts';
import type { Problem } from '../../contract/problem.ts';

export interface CardFacts {
  readonly id: string;
  /** One sentence: what was trained, from what. */
  readonly headline: string;
  /** What the model is made of, by name. */
  readonly parts: readonly (readonly [name: string, value: string])[];
  /** Card of the starting model, Markdown. */
  readonly baseCard: string | null;
  readonly config: TrainingConfig;
  readonly classes: readonly string[];
  /** Images by class. */
  readonly training: readonly number[];
  readonly validation: readonly number[];
  readonly hashes: { readonly training: string; readonly validation: string };
  readonly lesionsKnown: boolean;
  readonly problems: readonly Problem[];
  readonly skipped: readonly SkippedImage[];
  readonly best: RoundFigures;
  readonly rounds: number;
  readonly results: readonly ResultRow[];
  readonly versions: Readonly<Record<string, string>>;
}

/** Text from outside (ids, names, messages) that cannot end its table cell or begin markup. */
export const plain = (text: string) =>
  text.replaceAll(/[\r\n]+/g, ' ').replaceAll(/[|<>`[\]\\]/g, (mark) => `\\${mark}`);

/** A Markdown table. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(plain).join(' | ')} |`;
  return [line(header), `|${header.map(() => ' --- ').join('|')}|`, ...rows.map(line)].join('\n');
}

/** Figures for the manifest: those that are defined. */
export function cardMetrics(results: readonly ResultRow[], images: number): Manifest['metrics'] {
  return results.flatMap(({ name, balancedAccuracy: value }) =>
    value === null
      ? []
      : [
          {
            name: `balanced accuracy, ${name}`,
            value,
            dataset: 'validation images of the run',
            images,
            note: 'weights chosen on the same images',
          },
        ],
  );
}

export function modelCard(facts: CardFacts): string {
  const { config, classes, best, results } = facts;
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  const excluded = facts.problems.filter((problem) => problem.excluded);
  const sections = [
    `# ${plain(facts.id)}`,
    facts.headline,
    '**Research use only. Not a medical device. Do not use it to make or to delay a decision about a patient.**',
    '## What it is',
    table(['part', 'value'], facts.parts),
    '## Data',
    table(
      ['class', 'training images', 'validation images'],
      [
        ...classes.map((code, k) => [code, String(facts.training[k]!), String(facts.validation[k]!)]),
        ['all', String(sum(facts.training)), String(sum(facts.validation))],
      ],
    ),
    `SHA-256 over the sorted hashes and labels of the images: training \`${facts.hashes.training}\`, validation \`${facts.hashes.validation}\`.`,
    facts.lesionsKnown
      ? 'No lesion has images on both sides.'
      : 'For some images the lesion is unknown: images of one lesion may be on both sides, and the validation figures too good.',
    ...excluded.map(({ message, code }) => `- Left out: ${plain(message)} (${code})`),
    facts.skipped.length === 0
      ? 'Every image could be read.'
      : `Skipped, because they could not be read: ${facts.skipped.length} (${facts.skipped
          .slice(0, 20)
          .map(({ id, error }) => `${plain(id)}: ${error.code}`)
          .join(', ')}${facts.skipped.length > 20 ? ', ...' : ''}).`,
    '## Settings',
    table(
      ['setting', 'value'],
      Object.entries(config).map(([name, value]) => [name, settingText(value)]),
    ),
    '## What was measured',
    `On the ${sum(facts.validation)} validation images, as they are; the weights are those of round ${best.round} of ${facts.rounds}, the best on these same images, as they lie in the package. The figures of a model that was chosen on the images it is measured on are too good: judge it on others.`,
    table(
      [
        'model and method',
        'balanced accuracy',
        '95 % interval',
        'top-1',
        'answer changes under a turn',
        ...classes.map((code) => `recall ${code}`),
      ],
      results.map(({ name, balancedAccuracy, interval, top1, flipRate, recalls }) => [
        name,
        percent(balancedAccuracy),
        interval ? `${percent(interval[0])} to ${percent(interval[1])}` : '-',
        percent(top1),
        percent(flipRate),
        ...recalls.map(percent),
      ]),
    ),
    'Intervals: bootstrap over lesions, 2,000 resamples. A dash: not measured, or undefined.',
    ...(best.meanWeights.length === 0
      ? []
      : [
          `Mean weight of each orientation: ${best.meanWeights.map((weight) => weight.toFixed(4)).join(', ')} (1/n would be ${(1 / best.meanWeights.length).toFixed(4)}).`,
        ]),
    '## Made with',
    table(['software', 'version'], Object.entries(facts.versions)),
    ...(facts.baseCard === null ? [] : ['## The card of the starting model', demoted(facts.baseCard)]),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** A setting in words; records of settings as JSON without its quotes. */
function settingText(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? JSON.stringify(value).replaceAll('"', '')
    : String(value);
}

/** Weight networks as cards name them. */
export const netNames = {
  lambda: 'lambda net',
  attention: 'pair of attention nets (QNet, KNet)',
  lambdaEmbedding: 'lambda net (embedding level)',
  canonical: 'scorer (canonical)',
} as const;

/** Headings of a card that becomes part of another, two levels down. */
function demoted(card: string): string {
  return card.trim().replaceAll(/^(#{1,4}) /gm, '##$1 ');
}

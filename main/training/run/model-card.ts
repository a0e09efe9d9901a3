// The card of a trained model, filled from its run: nothing in it was typed by hand. Pure.
import type { PrefinetuneConfig, ResultRow, RoundFigures, SkippedImage } from '../../contract/training.ts';
import type { Problem } from '../../contract/evaluation.ts';

export interface CardFacts {
  readonly id: string;
  readonly base: {
    readonly id: string;
    readonly name: string;
    readonly sha256: string;
    readonly license: string;
  };
  /** Card of the starting model, Markdown. */
  readonly baseCard: string | null;
  readonly config: PrefinetuneConfig;
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
  readonly networkBytes: number;
}

const percent = (value: number | null) => (value === null ? '-' : `${(100 * value).toFixed(1)} %`);

/** Text from outside (ids, names, messages) that cannot end its table cell or begin markup. */
const plain = (text: string) =>
  text.replaceAll(/[\r\n]+/g, ' ').replaceAll(/[|<>`[\]\\]/g, (mark) => `\\${mark}`);

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(plain).join(' | ')} |`;
  return [line(header), `|${header.map(() => ' --- ').join('|')}|`, ...rows.map(line)].join('\n');
}

export function modelCard(facts: CardFacts): string {
  const { config, classes, base, best, results } = facts;
  const net = config.level === 'embedding' ? 'lambda net (embedding level)' : netNames[config.method];
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  const excluded = facts.problems.filter((problem) => problem.excluded);
  const sections = [
    `# ${plain(facts.id)}`,
    `The model ${plain(base.name)} with a ${net} that DermOrbit trained (pre-finetuning: image tower, attention pool and class embeddings frozen).`,
    '**Research use only. Not a medical device. Do not use it to make or to delay a decision about a patient.**',
    '## What it is',
    table(
      ['part', 'value'],
      [
        ['starting model', `${base.id}, manifest sha256 ${base.sha256}`],
        ['licence of the starting model', base.license],
        ['trained network', `${net}, ${facts.networkBytes} bytes`],
        ['group', config.group],
        ['combination', `inverse ${config.inverse}, ${config.head} head`],
      ],
    ),
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
      Object.entries(config).map(([name, value]) => [name, String(value)]),
    ),
    '## What was measured',
    `On the ${sum(facts.validation)} validation images, as they are; the weights are those of round ${best.round} of ${facts.rounds}, the best on these same images, as they lie in the package. The figures of a model that was chosen on the images it is measured on are too good: judge it on others.`,
    table(
      ['model and method', 'balanced accuracy', 'top-1', ...classes.map((code) => `recall ${code}`)],
      results.map(({ name, balancedAccuracy, top1, recalls }) => [
        name,
        percent(balancedAccuracy),
        percent(top1),
        ...recalls.map(percent),
      ]),
    ),
    `Mean weight of each orientation: ${best.meanWeights.map((weight) => weight.toFixed(4)).join(', ')} (1/n would be ${(1 / best.meanWeights.length).toFixed(4)}).`,
    '## Made with',
    table(['software', 'version'], Object.entries(facts.versions)),
    ...(facts.baseCard === null ? [] : ['## The card of the starting model', demoted(facts.baseCard)]),
  ];
  return `${sections.join('\n\n')}\n`;
}

const netNames = { lambda: 'lambda net', attention: 'pair of attention nets (QNet, KNet)' } as const;

/** Headings of a card that becomes part of another, two levels down. */
function demoted(card: string): string {
  return card.trim().replaceAll(/^(#{1,4}) /gm, '##$1 ');
}

// A fairness experiment as one self-contained HTML page: figures of every method, shares by group with their intervals,
// examples side by side, settings and hashes. No script, no request. Everything from outside is escaped. Pure.
import type { FairnessMethod, FairnessResult, FairnessSample } from '../contract/fairness.ts';
import type { Interval } from '../contract/figures.ts';
import { documentHead } from './document-head.ts';
import { figureOf, share, tableOf, three } from './evaluation/figures.ts';
import { evaluationStyle } from './evaluation/style.ts';
import { gapPlot, labelPlot } from '../plots/fairness-plots.ts';
import { escaped } from './html.ts';
import { plotSvg } from './svg.ts';

/** What each method is, in a line. */
const about: Readonly<Record<FairnessMethod['method'], string>> = {
  plain: 'the model as it is',
  equilm: 'mean over the group: exactly fair',
  'r-equilm': 'the mean, but general words keep the plain logits: not exactly fair',
  equizero: 'the surest element answers: fair where the prompt holds an equality word',
  lambda: 'learned weights over the group: exactly fair',
};

/** The whole page as HTML text. */
export function fairnessReport(result: FairnessResult, samples: readonly FairnessSample[]): string {
  const { model, made, prompts, methods } = result;
  const title = `Fairness of ${model.name}`;
  const sections: [string, string, string][] = [
    [
      'Methods',
      'Gap: the largest |log P(gX2|gX1) - log P(X2|X1)| behind a prompt, mean over the prompts; 0 is fair. Divergence: KL of the next token between the groups, read back. Cost: KL from the plain model.',
      methodsTable(result),
    ],
    [
      'How far from fair',
      'Mean over the prompts with its interval, on a logarithmic scale.',
      gapFigure(methods),
    ],
    ['Labels of the texts, by group', sharesIntro(result), sharesOf(result)],
    [
      'The first texts side by side',
      'Drawn with the same random numbers for every group.',
      examples(result, samples),
    ],
    ['Settings, hashes, versions', '', provenance(result)],
  ];
  return `<!doctype html>
<html lang="en">
${documentHead(title, evaluationStyle + ownStyle)}
<body><main>
<header><h1>${escaped(title)}</h1>
<p class="soft">${prompts.length} prompts, ${result.samplesPerPrompt} texts of each in every group. DermOrbit ${escaped(result.dermorbit)}, ${escaped(made.slice(0, 16).replace('T', ' '))} UTC. <span class="notice">Research use only</span></p></header>
${sections
  .filter(([, , content]) => content !== '')
  .map(([heading, intro, content]) => section(heading, intro, content))
  .join('\n')}
</main></body>
</html>
`;
}

const ownStyle = `
tbody th[scope=row] { vertical-align: top; }
td.text { white-space: normal; min-width: 16ch; vertical-align: top; } td.text .soft { display: inline; }
.plot.wide { max-width: 640px; } .plots figure { max-width: 420px; }
`;

function section(heading: string, intro: string, content: string): string {
  const lead = intro === '' ? '' : `<p class="soft">${escaped(intro)}</p>`;
  return `<section><h2>${escaped(heading)}</h2>${lead}${content}</section>`;
}

/** Small numbers as powers of ten, none as a zero that it is not. */
function small(value: number | null): string {
  if (value === null) return 'undefined';
  if (value === 0) return '0';
  return value < 1e-3 ? value.toExponential(1) : three(value);
}

const interval = ({ value, low, high }: Interval) =>
  value === null
    ? '<td class="soft">undefined</td>'
    : `<td>${small(value)} <span class="interval">${small(low)} to ${small(high)}</span></td>`;

function methodsTable({ methods, text: scored }: FairnessResult): string {
  const head = ['method', '', 'gap', 'largest gap', 'divergence', 'cost', ...(scored ? ['perplexity'] : [])];
  const rows = methods.map(
    ({ method, gap, largestGap, divergence, cost, perplexity }) =>
      `<tr><th scope="row">${escaped(method)}</th><td class="soft" style="white-space:normal">${escaped(about[method])}</td>` +
      `${interval(gap)}<td>${small(largestGap)}</td>${interval(divergence)}${interval(cost)}` +
      `${scored ? `<td>${perplexity === null ? '' : perplexity.toFixed(2)}</td>` : ''}</tr>`,
  );
  return tableOf('Methods', head, rows);
}

function gapFigure(methods: readonly FairnessMethod[]): string {
  const rows = methods.map(({ method: name, gap }) => ({ name, gap, title: `${name}: ${small(gap.value)}` }));
  if (rows.every(({ gap }) => gap.value === null)) return '';
  return `<div class="card">${plotSvg(gapPlot(rows), 'wide')}</div>`;
}

function sharesIntro({ classifier, confidence }: FairnessResult): string {
  return classifier
    ? `Shares of the labels that ${classifier.name} gives the texts, with intervals of ${100 * confidence} % by bootstrap over the prompts. A classifier may judge the same text differently by its demographic word alone.`
    : '';
}

function sharesOf({ methods, classifier }: FairnessResult): string {
  if (!classifier) return '';
  const plots = methods.map((method) => figureOf(method.method, sharePlot(method)));
  const head = [
    'method',
    'label',
    ...(methods[0]?.groups.map(({ words }) => escaped(words.join(','))) ?? []),
    'largest difference',
  ];
  const rows = methods.flatMap(({ method, groups, shareDifferences }) =>
    shareDifferences.map(({ label, difference }, at) => {
      const cells = groups.map(({ shares }) => shareText(shares[at]!.share));
      return `<tr><th scope="row">${escaped(method)}</th><td>${escaped(label)}</td>${cells.join('')}${shareText(difference)}</tr>`;
    }),
  );
  return `<div class="plots">${plots.join('')}</div>${tableOf('Labels by group', head, rows)}`;
}

function shareText({ value, low, high }: Interval): string {
  if (value === null) return '<td class="soft">undefined</td>';
  const ends = low === null || high === null ? '' : `${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)}`;
  return `<td>${share(value)} <span class="interval">${ends}</span></td>`;
}

function sharePlot({ method, groups, shareDifferences }: FairnessMethod): string {
  const labels = shareDifferences.map(({ label }, at) => ({
    label,
    groups: groups.map(({ words, shares }) => ({
      share: shares[at]!.share,
      title: `${words.join(',')}: ${label} ${share(shares[at]!.share.value)}`,
    })),
  }));
  return plotSvg(labelPlot(labels, `Shares of labels by group, method ${method}`));
}

/** Prompts and texts that are shown. */
const shownPrompts = 4;

function examples({ methods }: FairnessResult, samples: readonly FairnessSample[]): string {
  const groups = methods[0]?.groups ?? [];
  const head = ['method', ...groups.map(({ words }) => escaped(words.join(',')))];
  const rows = Array.from({ length: shownPrompts }, (_, prompt) => prompt).flatMap((prompt) =>
    methods.flatMap(({ method }) => {
      const cells = groups.map(({ index }) => {
        const found = samples.find(
          (one) => one.method === method && one.prompt === prompt && one.group === index && one.sample === 0,
        );
        if (!found) return null;
        return `<td class="text"><span class="soft">${escaped(found.prefix)}</span>${escaped(found.text)}${found.label === null ? '' : ` <span class="variant">(${escaped(found.label)})</span>`}</td>`;
      });
      return cells.includes(null)
        ? []
        : [`<tr><th scope="row">${escaped(method)}</th>${cells.join('')}</tr>`];
    }),
  );
  return rows.length === 0 ? '' : tableOf('The first texts', head, rows);
}

function provenance(result: FairnessResult): string {
  const { model, groups, prompts, unmoved, classifier, text: scored } = result;
  const lists = groups.equality.map((list) => list.map((word) => JSON.stringify(word)).join(', ')).join('; ');
  const facts: [string, string][] = [
    ['Model', `${model.id}; manifest sha256 ${model.sha256}; provider ${model.provider}`],
    ['Equality words', lists],
    ['General words', listed(groups.general)],
    ['Neutral words', listed(groups.neutral)],
    [
      'Prompts',
      `${prompts.length}${unmoved === 0 ? '' : `; ${unmoved} of them hold no equality word and are the same for every group`}`,
    ],
    [
      'Texts',
      `${result.samplesPerPrompt} of at most ${result.length} tokens, drawn from the ${result.topK ?? 'whole vocabulary'}${result.topK === null ? '' : ' likeliest'}, temperature ${result.temperature}, seed ${result.seed}`,
    ],
    ['Bootstrap', `${result.resamples} resamples of prompts, ${100 * result.confidence} %, percentile`],
    ...(classifier
      ? [
          [
            'Classifier',
            `${classifier.name}; labels ${classifier.labels.join(', ')}; sha256 ${classifier.sha256}`,
          ] as [string, string],
        ]
      : []),
    ...(scored ? [['Perplexity', `of ${scored.name}, ${scored.tokens} tokens`] as [string, string]] : []),
  ];
  const items = facts.map(([term, fact]) => `<dt>${escaped(term)}</dt><dd>${escaped(fact)}</dd>`);
  return `<div class="card"><dl>${items.join('')}</dl></div>`;
}

const listed = (words: FairnessResult['groups']['general']) =>
  words === undefined || words.length === 0
    ? 'none listed'
    : words.map((word) => JSON.stringify(word)).join(', ');

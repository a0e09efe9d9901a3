// A reproduction as one self-contained HTML page: published numbers beside measured ones, settings, hashes, versions. No
// script, no request. Everything that comes from outside is escaped. Pure.
import type { Measurement, ReproducedRow, ReproducedStage, Reproduction } from '../contract/reproduction.ts';
import { share, shareCell, tableOf } from './evaluation/figures.ts';
import { evaluationStyle } from './evaluation/style.ts';
import { documentHead } from './document-head.ts';
import { escaped } from './html.ts';

/** The whole page as HTML text. */
export function reproductionReport(reproduction: Reproduction): string {
  const { title, made, source, notes, differences } = reproduction;
  const sections: [string, string, string][] = [
    ['Published and measured', `Published: ${source}; top-1.`, comparisonTable(reproduction) + list(notes)],
    ['Before any training', 'The imported model as it is.', zeroShotTable(reproduction.zeroShot)],
    ['How this differs from what was published', 'This run first.', list(differences)],
    ['Settings of every step', '', settingsOfSteps(reproduction.rows)],
    ['Data, hashes, versions', '', provenance(reproduction)],
  ];
  const name = `Reproduction: ${title}`;
  return `<!doctype html>
<html lang="en">
${documentHead(name, evaluationStyle)}
<body><main>
<header><h1>${escaped(name)}</h1>
<p class="soft">DermOrbit, ${escaped(made.slice(0, 16).replace('T', ' '))} UTC. <span class="notice">Research use only, not a medical device</span></p></header>
${sections.map(([heading, intro, content]) => section(heading, intro, content)).join('\n')}
</main></body>
</html>
`;
}

function section(heading: string, intro: string, content: string): string {
  const lead = intro === '' ? '' : `<p class="soft">${escaped(intro)}</p>`;
  return `<section><h2>${escaped(heading)}</h2>${lead}${content}</section>`;
}

const list = (lines: readonly string[]) =>
  `<ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`;

const stageNames = { pre: 'pre-finetuned', fine: 'finetuned' } as const;

function comparisonTable({ rows }: Reproduction): string {
  const head = ['row', '', 'published', 'measured top-1', 'difference', 'balanced accuracy', 'flip rate'];
  const body = rows.flatMap((row) => row.stages.map((stage) => stageRow(row, stage)));
  return tableOf('Published and measured', head, body);
}

function stageRow({ title, group }: ReproducedRow, stage: ReproducedStage): string {
  const { measured, published, failure } = stage;
  const heading = `${escaped(title)} <span class="variant">${escaped(group)}</span>`;
  const said =
    published === null ? '<td class="soft">not published</td>' : `<td>${hundredths(published)}</td>`;
  const cells = measured
    ? `${shareCell(measured.top1)}<td>${difference(measured.top1.value, published)}</td>${shareCell(measured.balancedAccuracy)}${flips(measured)}`
    : `<td colspan="4" style="white-space:normal">${escaped(failure ?? 'not measured')}</td>`;
  return `<tr><th scope="row">${heading}</th><td>${stageNames[stage.stage]}</td>${said}${cells}</tr>`;
}

/** As the papers print it. */
const hundredths = (value: number) => `${(100 * value).toFixed(2)} %`;

/** Percentage points with their sign. */
function difference(measured: number | null, published: number | null): string {
  if (measured === null || published === null) return '<span class="soft">-</span>';
  const points = (100 * (measured - published)).toFixed(1);
  if (Number(points) === 0) return '0.0';
  return points.startsWith('-') ? `\u2212${points.slice(1)}` : `+${points}`;
}

function flips({ flipRate, boundWithoutFlips }: Measurement): string {
  if (boundWithoutFlips === null) return shareCell(flipRate);
  return `<td><span class="zero">0 flips</span> <span class="interval">&le; ${share(boundWithoutFlips)}</span></td>`;
}

function zeroShotTable(measurements: readonly Measurement[]): string {
  const head = ['method', 'group', 'top-1', 'balanced accuracy', 'flip rate'];
  const body = measurements.map((one) => {
    const { method, level, group } = one.settings;
    const variant = method === 'equitune' ? ` <span class="variant">${level} level</span>` : '';
    return `<tr><th scope="row">${method}${variant}</th><td>${group}</td>${shareCell(one.top1)}${shareCell(one.balancedAccuracy)}${flips(one)}</tr>`;
  });
  return tableOf('Before any training', head, body);
}

function settingsOfSteps(rows: readonly ReproducedRow[]): string {
  return rows
    .flatMap(({ title, group, stages }) =>
      stages.map(({ stage, config, model, sha256, seconds }) => {
        const facts: [string, string][] = [
          ['model', `${model}${sha256 === null ? ', not made' : `; manifest sha256 ${sha256}`}`],
          [
            'time',
            seconds === null ? 'not known' : `${(seconds / 60).toFixed(1)} min, training and measuring`,
          ],
          ...Object.entries(config).map(([name, value]): [string, string] => [name, text(value)]),
        ];
        return `<details><summary>${escaped(`${title}, ${group}, ${stageNames[stage]}`)}</summary>${definitions(facts)}</details>`;
      }),
    )
    .join('');
}

const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

function definitions(facts: readonly (readonly [string, string])[]): string {
  const items = facts.map(([term, fact]) => `<dt>${escaped(term)}</dt><dd>${escaped(fact)}</dd>`);
  return `<div class="card"><dl>${items.join('')}</dl></div>`;
}

function provenance({
  model,
  data,
  provider,
  seed,
  scale,
  dermorbit,
  versions,
  zeroShot,
}: Reproduction): string {
  const counts =
    data.classes.length > 20
      ? `${data.classes.length} classes`
      : data.classes.map((code, k) => `${code} ${data.imagesPerClass[k] ?? 0}`).join(', ');
  const checks = zeroShot.flatMap(({ turnCheck }) => (turnCheck ? [turnCheck] : []));
  const largest = Math.max(0, ...checks.map(({ largestDifference }) => largestDifference ?? 0));
  return definitions([
    ['Model', `${model.id} (${model.name}), ${model.architecture}; manifest sha256 ${model.sha256}`],
    ['Checkpoint sha256', model.checkpointSha256 ?? 'not known'],
    ['Training images', `${data.training}${data.limit === null ? '' : `, the first ${data.limit}`}`],
    ['Validation images', `${data.validation}: ${data.images} images of ${data.lesions} lesions; ${counts}`],
    ['Validation sha256', `${data.sha256} (ids, classes, lesions and file hashes, in order)`],
    ['Turned', `each image by one random element of the row's group, seed ${seed}`],
    [
      'Checked turns',
      `${Math.max(0, ...checks.map(({ images }) => images))} images really turned: largest difference of a probability ${largest.toExponential(1)}`,
    ],
    ['Steps', scale < 1 ? `${100 * scale} % of the published ones` : 'as published'],
    ['Provider', provider],
    [
      'Software',
      Object.entries({ DermOrbit: dermorbit, ...versions })
        .map((one) => one.join(' '))
        .join(', '),
    ],
  ]);
}

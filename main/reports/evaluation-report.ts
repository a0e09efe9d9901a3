// An evaluation as one self-contained HTML page: no script, no request, plots as inline SVG. Everything that comes
// from outside is escaped. Pure.
import type { EvaluatedModel, Evaluation } from '../contract/evaluation.ts';
import { rowDetails } from './evaluation/row-details.ts';
import { tableOf } from './evaluation/figures.ts';
import {
  comparisonTable,
  flipsByClass,
  fourWayTable,
  furtherTable,
  malignancyFlips,
  mainTable,
} from './evaluation/overview.ts';
import { evaluationStyle } from './evaluation/style.ts';
import { documentHead } from './document-head.ts';
import { escaped } from './html.ts';

/** The whole page as HTML text, with the paths of images and labels as the evaluation has them (names-only.ts). */
export function evaluationReport(evaluation: Evaluation): string {
  const folder = evaluation.dataset.images;
  const made = evaluation.made.slice(0, 16).replace('T', ' ');
  return `<!doctype html>
<html lang="en">
${documentHead(`Evaluation: ${folder}`, evaluationStyle)}
<body><main>
<header><h1>${escaped(folder)}</h1>
<p class="soft">DermOrbit evaluation, ${escaped(made)} UTC. <span class="notice">Research use only, not a medical device</span></p></header>
${evaluation.models.map((model) => modelSections(model, evaluation)).join('\n')}
${provenance(evaluation)}
</main></body>
</html>
`;
}

function modelSections(model: EvaluatedModel, evaluation: Evaluation): string {
  const freeAngles = evaluation.angles.length > 0;
  const confidence = `${evaluation.bootstrap.confidence * 100} %`;
  // Open at first: an invariant row with a spatial frame, else the first.
  const invariant = model.rows.findIndex(
    ({ settings: { head, inverse } }) => head === 'orbit' && inverse === 'on',
  );
  const details = model.rows.map((row, place) => rowDetails(row, model, place === Math.max(0, invariant)));
  const [comparison, robust] = [comparisonTable(model), fourWayTable(model, (row) => row.robustness)];
  const free = freeAngles ? fourWayTable(model, (row) => row.freeAngles) : '';
  const sections: [string, string, string][] = [
    [
      `${model.name}: accuracy and flip rate`,
      `${model.images} images of ${model.lesions} lesions; ${imageCounts(model)}. ${viewSentence[evaluation.turned]} Intervals are ${confidence}, by bootstrap over lesions. Where no answer flips, the bound is the largest rate that so many lesions without a flip leave plausible.`,
      mainTable(model, freeAngles),
    ],
    [
      'Compared with vanilla',
      'On the same images, in percentage points, with the interval and p-value of the paired bootstrap over lesions. McNemar treats images as independent. Nothing is adjusted for the number of comparisons.',
      comparison,
    ],
    ['Right and wrong when the picture is turned', turnSentence(model, evaluation), robust],
    [
      'At free angles',
      'Between quarter turns pixels are interpolated, so nothing is exact; the picture is masked to its inscribed circle, and compared with itself masked at 0°.',
      free,
    ],
    [
      'Flips between malignant and benign',
      'Share of images whose answer some view moves across the border of malignancy (MEL, BCC, AKIEC and the others): the flips that would change what is done.',
      malignancyFlips(model),
    ],
    ['Flip rate by true class', 'Number of images in brackets.', flipsByClass(model)],
    [
      'Ranking and calibration',
      'Temperature scaling is fitted on half of the lesions and reported on the others.',
      furtherTable(model),
    ],
    ['Every row in detail', '', details.join('')],
    ['Noticed in the data', 'Listed before the run.', problems(model)],
  ];
  return sections
    .filter(([, , content]) => content !== '')
    .map(([title, intro, content]) => {
      const lead = intro === '' ? '' : `<p class="soft">${escaped(intro)}</p>`;
      return `<section><h2>${escaped(title)}</h2>${lead}${content}</section>`;
    })
    .join('\n');
}

function imageCounts({ classes, imagesPerClass }: EvaluatedModel): string {
  return classes.length > 20
    ? `${classes.length} classes`
    : classes.map((code, index) => `${code} ${imagesPerClass[index] ?? 0}`).join(', ');
}

const viewSentence: Readonly<Record<Evaluation['turned'], string>> = {
  none: 'Images as they are; nothing was turned.',
  random:
    'Accuracy is that of images turned by one random element of the group each; flip rate: the share of images whose answer that turn changes.',
  all: 'Accuracy is that of the images as they are; flip rate: the share of images whose answer some element of the group changes.',
};

function turnSentence({ rows }: EvaluatedModel, { turned }: Evaluation): string {
  const checks = rows.flatMap(({ turnCheck }) => (turnCheck ? [turnCheck] : []));
  const images = Math.max(0, ...checks.map((check) => check.images));
  const largest = Math.max(0, ...checks.map(({ largestDifference }) => largestDifference ?? 0));
  const changed = checks.reduce((sum, { changedAnswers }) => sum + changedAnswers, 0);
  const views = turned === 'random' ? 'one random element of the group' : 'every element of the group';
  const checked =
    images === 0
      ? 'This was not checked on turned pixels.'
      : `Checked by really turning the pixels of ${images} images: the largest difference of a probability was ${largest.toExponential(1)}, and ${changed} answers were others.`;
  return `Each image under ${views}, as in Young et al. 2021. Turning an image only permutes its orbit, so the turned answers come from the orientations already read. ${checked}`;
}

function problems({ problems: found }: EvaluatedModel): string {
  if (found.length === 0) return '';
  const rows = found.map(
    ({ code, message, excluded }) =>
      `<tr><td>${escaped(code)}</td><td style="white-space:normal">${escaped(message)}</td><td>${excluded ? 'left out' : 'kept'}</td></tr>`,
  );
  return tableOf('Noticed in the data', ['code', 'what', ''], rows);
}

function provenance(evaluation: Evaluation): string {
  const { dataset, models, bootstrap, versions, turned, angles, seed } = evaluation;
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const facts: [string, string][] = [
    ['Images', dataset.images],
    ['Labels', dataset.labels ?? 'found beside the images'],
    ['Format', dataset.format],
    ['Data sha256', `${dataset.sha256} (ids, classes, lesions and file hashes, in order)`],
    ...models.map(({ id, architecture, sha256, provider }): [string, string] => [
      `Model ${id}`,
      `${architecture}; manifest sha256 ${sha256}; provider ${provider}`,
    ]),
    [
      'Turned',
      `${turned}, seed ${seed}${angles.length > 0 ? `; free angles in steps of ${angles[1] ?? 0}°` : ''}`,
    ],
    [
      'Bootstrap',
      `${bootstrap.resamples} resamples of lesions, seed ${bootstrap.seed}, ${bootstrap.confidence * 100} %, percentile`,
    ],
    ['Software', `DermOrbit ${evaluation.dermorbit}, ${software.join(', ')}`],
    [
      'Time',
      `${evaluation.seconds.toFixed(1)} s for the images${evaluation.resumedImages > 0 ? `, ${evaluation.resumedImages} taken over from an earlier run` : ''}`,
    ],
  ];
  const list = facts.map(([term, fact]) => `<dt>${escaped(term)}</dt><dd>${escaped(fact)}</dd>`);
  return `<section><h2>Settings, hashes, versions</h2><div class="card"><dl>${list.join('')}</dl></div></section>`;
}

// A one-page report on one image as a self-contained HTML page: no script, no request, one style sheet. It is
// printed to PDF by the window, or shown as a print view by the browser.
import type { Inspection } from '../contract/engine.ts';
import { fileName } from '../contract/file-name.ts';
import { cssColour, palette } from '../contract/palette.ts';
import { rankClasses, type Classification, type Evidence, type Orientation } from '../contract/record.ts';
import { isMalignant } from '../contract/settings.ts';
import { methodTerms } from '../words/words.ts';
import { documentHead } from './document-head.ts';
import { escaped } from './html.ts';
import { reportStyle } from './report-style.ts';
import { percent } from '../contract/percent.ts';
import { className, settingsLine, stabilitySentence } from './text.ts';

export interface ReportInput {
  readonly inspection: Inspection;
  /** The crop that the model saw, as a data: URL; null if it cannot be shown. */
  readonly picture: string | null;
  readonly modelName: string;
  /** When the report was made. */
  readonly made: Date;
  readonly versions: Readonly<Record<string, string>>;
}

/** The whole page as HTML text. Everything that comes from outside is escaped. */
export function reportHtml(input: ReportInput): string {
  const { record } = input.inspection;
  const name = fileName(record.image.path);
  return `<!doctype html>
<html lang="en">
${documentHead(`DermOrbit report: ${name}`, reportStyle)}
<body>
<header><h1>${escaped(name)}</h1><p>DermOrbit report, ${escaped(input.made.toISOString().slice(0, 16).replace('T', ' '))} UTC.
<strong>Research use only, not a medical device.</strong></p></header>
<section class="answer">${answer(record)}</section>
<section class="pictures">${pictures(input)}</section>
<section><h2>Probabilities</h2>${probabilities(record)}</section>
<section><h2>Orientations</h2>${orientations(record, input.picture)}</section>
<section><h2>Other methods on this image</h2>${alternatives(input.inspection)}</section>
<footer>${provenance(input)}</footer>
</body>
</html>
`;
}

function answer(record: Classification): string {
  const top = rankClasses(record.probabilities)[0];
  const malignant =
    record.malignant === null
      ? ''
      : `<p>Malignant or pre-malignant (MEL + BCC + AKIEC): <strong>${percent(record.malignant)}</strong></p>`;
  const first =
    top === undefined
      ? ''
      : `<p class="top">${escaped(className(top.code))} <b>${percent(top.probability)}</b></p>`;
  return `${first}${malignant}<p>${escaped(stabilitySentence(record))}</p>`;
}

function pictures({ inspection, picture }: ReportInput): string {
  const image =
    picture === null
      ? '<p>The picture cannot be shown.</p>'
      : `<img src="${escaped(picture)}" alt="The image">`;
  const plain = `<figure>${image}<figcaption>The square that the model saw</figcaption></figure>`;
  const { evidence, evidenceError, record } = inspection;
  if (evidence === null) {
    const reason =
      evidenceError === null ? 'There is no evidence map.' : `No evidence map: ${evidenceError.message}`;
    return `${plain}<p class="note">${escaped(reason)}</p>`;
  }
  const top = rankClasses(record.probabilities)[0]?.code ?? '';
  const overlay = evidenceSvg(evidence, top);
  return `${plain}<figure><div class="stack">${image}${overlay}</div><figcaption>Evidence for ${escaped(
    className(top),
  )}: teal speaks for it, violet against it</figcaption></figure>`;
}

/** The class's evidence cells as an SVG grid over the image; opacity grows with a cell's share of the largest. */
export function evidenceSvg(evidence: Evidence, code: string): string {
  const cells = evidence.cells[evidence.classes.indexOf(code)] ?? [];
  const largest = Math.max(...cells.map(Math.abs), Number.MIN_VALUE);
  const squares = cells.map((value, index) => {
    const [row, column] = [Math.floor(index / evidence.size), index % evidence.size];
    const opacity = (0.75 * Math.abs(value)) / largest;
    const colour = cssColour(value >= 0 ? palette.evidenceFor : palette.evidenceAgainst);
    return `<rect x="${column}" y="${row}" width="1" height="1" fill="${colour}" fill-opacity="${opacity.toFixed(3)}"/>`;
  });
  const box = `0 0 ${evidence.size} ${evidence.size}`;
  return `<svg viewBox="${box}" preserveAspectRatio="none" role="img" aria-label="Evidence map">${squares.join('')}</svg>`;
}

function bar(share: number, kind: string): string {
  const width = Math.max(0, Math.min(1, share)) * 100;
  return `<svg class="bar ${kind}" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="4"/><rect class="fill" width="${width.toFixed(2)}" height="4"/></svg>`;
}

function probabilities(record: Classification): string {
  const rows = rankClasses(record.probabilities).map(({ code, probability }) => {
    const kind = isMalignant(code) ? 'malignant' : 'benign';
    return `<tr><td>${escaped(className(code))}</td><td>${bar(probability, kind)}</td><td class="number">${percent(probability)}</td></tr>`;
  });
  return `<table>${rows.join('')}</table>`;
}

function orientationName({ turn, mirror }: Orientation): string {
  return `${turn}°${mirror ? ', mirrored' : ''}`;
}

function orientations(record: Classification, picture: string | null): string {
  const answerCode = rankClasses(record.probabilities)[0]?.code;
  const cells = record.orientations.map((orientation) => {
    const asked = orientation.probabilities;
    const top = asked === null ? undefined : rankClasses(asked)[0];
    const differs = asked === null || top?.code === answerCode ? '' : ' class="differs"';
    const turn = `turn-${orientation.turn}${orientation.mirror ? ' mirror' : ''}`;
    const image =
      picture === null
        ? ''
        : `<div class="thumb"><img class="${turn}" src="${escaped(picture)}" alt=""></div>`;
    const own =
      top === undefined
        ? asked === null
          ? 'not asked'
          : ''
        : `${escaped(top.code)} ${percent(top.probability)}`;
    return `<li${differs}>${image}<span>${orientationName(orientation)}</span><b>${own}</b><span>weight ${orientation.weight.toFixed(3)}</span></li>`;
  });
  return `<ul class="orientations">${cells.join('')}</ul>`;
}

function alternatives(inspection: Inspection): string {
  const rows = inspection.alternatives.map(({ method, probabilities: own, malignant, error }) => {
    const top = own === null ? undefined : rankClasses(own)[0];
    const said =
      top === undefined
        ? (error?.title ?? 'no result')
        : `${className(top.code)} ${percent(top.probability)}`;
    const risk = malignant === null ? '' : `malignant ${percent(malignant)}`;
    return `<tr><td>${escaped(methodTerms[method].name)}</td><td>${escaped(said)}</td><td class="number">${risk}</td></tr>`;
  });
  return `<table>${rows.join('')}</table>`;
}

function provenance({ inspection: { record }, modelName, versions }: ReportInput): string {
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const facts: [string, string][] = [
    ['File', `${fileName(record.image.path)}, ${record.image.width} x ${record.image.height} pixels`],
    ['Image sha256', record.image.sha256],
    ['Model', `${modelName} (${record.model.id}), sha256 ${record.model.sha256}`],
    ['Settings', settingsLine(record)],
    ['Software', `DermOrbit ${record.version}, ${software.join(', ')}; provider ${record.provider}`],
  ];
  return `<dl>${facts.map(([term, fact]) => `<dt>${escaped(term)}</dt><dd>${escaped(fact)}</dd>`).join('')}</dl>`;
}

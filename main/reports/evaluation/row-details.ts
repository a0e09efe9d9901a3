// Everything about one row: confusion matrix, curves, reliability, free angles, weights, worst answers. Pure.
import type { ClassCurve, Interval, WeightReport, WeightSummary } from '../../contract/figures.ts';
import type { EvaluatedModel, EvaluationRow } from '../../contract/evaluation.ts';
import { isMalignant } from '../../contract/settings.ts';
import { escaped } from '../html.ts';
import { curvePlot, reliabilityPlot } from '../../plots/unit-square.ts';
import { weightPlot } from '../../plots/weight-plot.ts';
import { plotSvg } from '../svg.ts';
import { angleFigure } from './angle-figure.ts';
import { confusionTable } from './confusion-table.ts';
import { legend, seriesStyle } from './legend.ts';
import { figureOf, find, rowHeading, share, tableOf, three } from './figures.ts';

/** A section that can be opened; the first of the interesting ones is. */
export function rowDetails(row: EvaluationRow, model: EvaluatedModel, open: boolean): string {
  const accuracy = share(find(row.figures, 'balancedAccuracy')?.value);
  const summary = `${rowHeading(row)} <span class="variant">(group ${row.settings.group}), balanced accuracy ${accuracy}</span>`;
  const plots = [
    figureOf('Confusion matrix: true class by answer', confusionTable(row, model)),
    ...curves(row.curves, row.figures),
    reliability(row),
    angles(row, model),
  ];
  const parts = [
    `<div class="plots">${plots.join('')}</div>`,
    operatingPoints(row.curves),
    row.weights === null ? '' : weights(row.weights, row.weightFigures),
    worst(row, model),
    flipped(row),
  ];
  return `<details class="card"${open ? ' open' : ''}><summary>${summary}</summary>${parts.join('')}</details>`;
}

function curves(classCurves: readonly ClassCurve[], figures: readonly Interval[]): string[] {
  if (classCurves.every(({ points }) => points.length === 0)) return [];
  const names = (metric: string, words: string) =>
    classCurves.map(({ code }) => `${code}, ${words} ${three(find(figures, `${metric}/${code}`)?.value)}`);
  const roc = classCurves.map(({ code, points }, index) => ({
    name: code,
    style: seriesStyle(index),
    points: points.map(({ sensitivity, specificity }) => [1 - specificity, sensitivity] as const),
  }));
  const pr = classCurves.map(({ code, points }, index) => ({
    name: code,
    style: seriesStyle(index),
    points: steps(
      points.flatMap(({ sensitivity, precision }) =>
        precision === null ? [] : [[sensitivity, precision] as const],
      ),
    ),
  }));
  return [
    figureOf(
      'ROC: each class against the others',
      plotSvg(
        curvePlot(roc, { x: '1 − specificity', y: 'sensitivity', label: 'ROC curves', diagonal: true }),
      ) + legend(names('auc', 'AUC')),
    ),
    figureOf(
      'Precision and recall',
      plotSvg(
        curvePlot(pr, { x: 'recall', y: 'precision', label: 'Precision-recall curves', diagonal: false }),
      ) + legend(names('ap', 'AP')),
    ),
  ];
}

/** Precision belongs to the step that ends at its recall: nothing is interpolated. */
function steps(points: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  return points.flatMap(([recall, precision], index) => [
    [index === 0 ? 0 : points[index - 1]![0], precision] as const,
    [recall, precision] as const,
  ]);
}

function reliability({ reliability: { bins, expectedError, maximumError }, id }: EvaluationRow): string {
  if (bins.length === 0) return '';
  const caption = `Reliability (ECE ${three(expectedError)})`;
  const note = `<p class="small soft">Pale bars: few images. Dots: mean confidence of the bin. Largest gap ${three(maximumError)}.</p>`;
  const plot = reliabilityPlot(
    bins,
    `Reliability plot of ${id}`,
    ({ confidence, accuracy, weight }) =>
      `confidence ${three(confidence)}, right ${three(accuracy)}, images: ${weight}`,
  );
  return figureOf(caption, plotSvg(plot) + note);
}

function angles(row: EvaluationRow, { rows }: EvaluatedModel): string {
  const vanilla = rows.find(({ id }) => id === row.comparison?.against) ?? null;
  const plot = angleFigure(row, vanilla);
  return plot === '' ? '' : figureOf('Answers that change with the angle', plot);
}

function operatingPoints(classCurves: readonly ClassCurve[]): string {
  const rows = classCurves
    .filter(({ code }) => isMalignant(code))
    .flatMap(({ code, operating }) =>
      (['90', '95'] as const).map((least) => {
        const point = operating.atSpecificity[least];
        const cells =
          point === null
            ? '<td class="soft">undefined</td><td></td><td></td>'
            : `<td>${share(point.sensitivity)}</td><td>${share(point.specificity)}</td><td>${three(point.threshold)}</td>`;
        return `<tr><th scope="row">${escaped(code)} at ${least} % specificity</th>${cells}</tr>`;
      }),
    );
  if (rows.length === 0) return '';
  const head = ['operating point', 'sensitivity', 'specificity reached', 'threshold'];
  return `<h3>Sensitivity at fixed specificity</h3>${tableOf('Operating points', head, rows)}<p class="small soft">Thresholds were chosen on the images they are judged on, which is optimistic.</p>`;
}

function weights(report: WeightReport, figures: readonly Interval[]): string {
  const low = report.edges[0]!;
  const high = report.edges.at(-1)!;
  const boxes = report.all.orientations.map(({ orientation, mean, box, histogram }) => ({
    name: orientation,
    mean,
    histogram,
    ...box,
    title: `${orientation}: mean ${three(mean)}, median ${three(box.median)}, quartiles ${three(box.lowerQuartile)} to ${three(box.upperQuartile)}`,
  }));
  const groups: [string, WeightSummary][] = [
    ['all images', report.all],
    ...Object.entries(report.byClass),
    ...(report.right ? [['right answers', report.right] as [string, WeightSummary]] : []),
    ...(report.wrong ? [['wrong answers', report.wrong] as [string, WeightSummary]] : []),
  ];
  const head = [
    'images',
    'number',
    ...report.all.orientations.map(({ orientation }) => `mean ${orientation}`),
    'another is largest',
    'entropy',
  ];
  const rows = groups.map(([name, summary]) => {
    const means = summary.orientations.map(
      ({ mean, deviation }) =>
        `<td>${three(mean)} <span class="interval">${deviation === null ? '' : `sd ${three(deviation)}`}</span></td>`,
    );
    return `<tr><th scope="row">${escaped(name)}</th><td>${summary.images}</td>${means.join('')}<td>${share(summary.notUprightShare)}</td><td>${summary.entropy === null ? '-' : three(summary.entropy)}</td></tr>`;
  });
  const notUpright = find(figures, 'notUpright');
  const sentence = `In ${share(notUpright?.value)} of the images (${share(notUpright?.low)} to ${share(notUpright?.high)}) another orientation than the upright one has the larger weight. Without any preference this would be ${share(1 - 1 / boxes.length)}. Entropy 1: all orientations count alike; 0: one alone.`;
  const drawn = weightPlot(
    boxes,
    { low, high },
    'Weights of the orientations',
    ({ name, histogram }, bin) => `${name}, images: ${histogram[bin] ?? 0}`,
  );
  const plot = `<div class="scroll">${plotSvg(drawn)}</div>`;
  return `<h3>Weights of the orientations</h3><p class="small">${sentence}</p>${figureOf('Box plots (dot: mean, dashed: equal weights) and histograms over all images', plot)}${tableOf('Weights by class and by correctness', head, rows)}`;
}

function worst(row: EvaluationRow, { names, classes }: EvaluatedModel): string {
  if (row.worst.length === 0) return '';
  const nameOf = (code: string) => names[classes.indexOf(code)] ?? code;
  const rows = row.worst
    .slice(0, 15)
    .map(
      ({ id, label, answer, probability }) =>
        `<tr><th scope="row">${escaped(id)}</th><td>${escaped(nameOf(label))}</td><td>${answer === null ? 'undecided' : escaped(nameOf(answer))}</td><td>${three(probability)}</td></tr>`,
    );
  const head = ['image', 'truth', 'answer', 'probability of the truth'];
  return `<h3>Worst answers</h3>${tableOf('Worst answers', head, rows)}`;
}

function flipped({ robustness }: EvaluationRow): string {
  if (robustness === null || robustness.flippedIds.length === 0) return '';
  const shown = robustness.flippedIds.slice(0, 40).map(escaped).join(', ');
  const more = robustness.flippedImages > 40 ? ` and ${robustness.flippedImages - 40} more` : '';
  return `<h3>Images whose answer changes when they are turned</h3><p class="small">${shown}${more}</p>`;
}

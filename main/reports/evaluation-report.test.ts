import { describe, expect, it } from 'vitest';
import type { Evaluation } from '../contract/evaluation.ts';
import type { Settings } from '../contract/settings.ts';
import { statisticsOf, type RowNumbers, type StatisticsInput } from '../evaluation/run/statistics.ts';
import { evaluationReport } from './evaluation-report.ts';
import { withNamesOnly } from './names-only.ts';

const hostile = '<img src=x onerror="alert(1)">&\'';

function rowNumbers(
  method: 'vanilla' | 'lambda',
  views: readonly (readonly number[])[],
  angled: boolean,
): RowNumbers {
  const settings: Settings =
    method === 'vanilla'
      ? { group: 'c2', method, level: 'feature', inverse: 'off', head: 'plain' }
      : { group: 'c2', method, level: 'feature', inverse: 'on', head: 'orbit' };
  return {
    id: `c2-${method}`,
    settings,
    turns: ['0°', '180°'].slice(0, views.length),
    views: views.map((view) => Float64Array.from(view)),
    scoredView: 0,
    angles: angled ? ['0° (masked)', '45°', '90°'] : [],
    angleViews: angled ? [0, 1, 0].map((view) => Float64Array.from(views[view]!)) : [],
    orientations: ['0°', '180°'],
    weights: method === 'lambda' ? Float64Array.of(0.7, 0.3, 0.4, 0.6, 0.5, 0.5) : null,
    turnCheck: { images: 1, largestDifference: 1e-8, changedAnswers: 0 },
  };
}

/** Three images; with one class only where asked for. */
function evaluation(labels = [0, 1, 0], changes: Partial<Evaluation> = {}): Evaluation {
  const angled = (changes.angles ?? []).length > 0;
  const classes = ['MEL', hostile];
  const steady = [0.9, 0.1, 0.3, 0.7, 0.2, 0.8];
  const input: StatisticsInput = {
    model: 'test-model',
    classes,
    ids: ['one', hostile, 'three'],
    labels: Int32Array.from(labels),
    lesions: [null, null, null],
    rows: [
      rowNumbers('vanilla', [steady, [0.2, 0.8, 0.3, 0.7, 0.2, 0.8]], angled),
      rowNumbers('lambda', [steady, steady], angled),
    ],
    bootstrap: { resamples: 20, seed: 1, confidence: 0.95 },
  };
  return {
    schema: 1,
    dermorbit: '0.0.0',
    versions: { node: '24' },
    made: '2026-01-02T03:04:05.000Z',
    dataset: { images: `/data/${hostile}`, labels: hostile, format: 'isic2018', sha256: 'ab'.repeat(32) },
    turned: 'all',
    angles: [],
    seed: 1,
    bootstrap: input.bootstrap,
    seconds: 1,
    resumedImages: 0,
    models: [
      {
        id: 'test-model',
        name: hostile,
        sha256: 'cd'.repeat(32),
        architecture: hostile,
        provider: 'cpu',
        classes,
        names: ['Melanoma', hostile],
        images: 3,
        lesions: 3,
        imagesPerClass: [2, 1],
        problems: [{ code: 'LABEL_MISSING', message: hostile, subjects: [hostile], excluded: true }],
        rows: statisticsOf(input, () => undefined),
      },
    ],
    ...changes,
  };
}

describe('the evaluation report', () => {
  it('tells flips between malignant and benign apart from other flips', () => {
    const made = evaluation();
    const [vanilla, lambda] = made.models[0]!.rows;
    const shareOf = (row: typeof vanilla, name: string) =>
      row?.robustness?.malignantShares?.find((one) => one.name === name)?.value;
    // One of three images, a melanoma, is called benign upside down; the other melanoma is missed either way.
    expect(shareOf(vanilla, 'flipped')).toBeCloseTo(1 / 3);
    expect(shareOf(vanilla, 'flipped/malignant')).toBeCloseTo(1 / 2);
    expect(shareOf(vanilla, 'flipped/benign')).toBe(0);
    expect(shareOf(vanilla, 'rightToWrong')).toBeCloseTo(1 / 3);
    expect(shareOf(lambda, 'flipped')).toBe(0);
    const html = evaluationReport(made);
    const section = html.slice(html.indexOf('<h2>Flips between malignant and benign'));
    expect(section.slice(0, section.indexOf('</section>'))).toContain('33.3 %');
  });

  it('is one page without scripts and requests, and gives no text from outside the power of markup', () => {
    const html = evaluationReport(evaluation());
    expect(html.includes('<img')).toBe(false);
    expect(html).toContain('http-equiv="Content-Security-Policy"');
    // Where images lie is told by who wants it told.
    expect(html).toContain('/data/');
    expect(evaluationReport(withNamesOnly(evaluation()))).not.toContain('/data/');
    expect(/<script|<link|<iframe|<[^>]* src=|url\(|https?:\/\//.exec(html)?.[0]).toBeUndefined();
    expect(html).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;');
    // Every tag that is opened is closed: nothing from outside could have closed one.
    for (const tag of ['table', 'svg', 'details', 'section', 'figure', 'tr']) {
      const count = (pattern: string) => html.match(new RegExp(pattern, 'g'))?.length ?? 0;
      expect(count(`<${tag}[ >]`), tag).toBe(count(`</${tag}>`));
    }
  });

  it('shows flips, their absence with its bound, the check, hashes and versions', () => {
    const html = evaluationReport(evaluation());
    expect(html).toContain('33.3 %');
    expect(html).toContain('0 flips');
    expect(html).toContain('&le; 63.2');
    expect(html).toContain('largest difference of a probability was 1.0e-8');
    for (const fact of [
      'ab'.repeat(32),
      'cd'.repeat(32),
      'DermOrbit 0.0.0',
      'node 24',
      'Research use only',
    ]) {
      expect(html).toContain(fact);
    }
  });

  it('names what is undefined where there is one class only, and holds no NaN', () => {
    const html = evaluationReport(evaluation([0, 0, 0]));
    expect(html).toContain('undefined');
    expect(/NaN|Infinity|>null</.exec(html)).toBeNull();
  });

  it('draws how the answer changes with a free angle, beside vanilla', () => {
    const html = evaluationReport(evaluation([0, 1, 0], { angles: [0, 45, 90] }));
    const [, ofVanilla, ofLambda] = html.split('<figcaption>Answers that change with the angle</figcaption>');
    expect(ofVanilla).toContain('c2-vanilla, 45°: 33.3 %');
    expect(ofVanilla).toContain('c2-vanilla, 90°: 0.0 %');
    expect(ofLambda).toContain('vanilla, 45°: 33.3 %');
    expect(ofLambda).toContain('c2-lambda, 45°: 0.0 %');
    expect(ofLambda).toContain('c2-lambda, some angle 0.0 %');
    expect(/NaN|Infinity/.exec(html)).toBeNull();
  });

  it('leaves out what was not asked for', () => {
    const html = evaluationReport(evaluation());
    expect(html).not.toContain('At free angles');
    expect(html).not.toContain('Answers that change with the angle');
    expect(html).toContain('Weights of the orientations');
  });
});

import { describe, expect, it } from 'vitest';
import { exampleRecord } from '../testing/records.ts';
import { evidenceSvg, reportHtml } from './report.ts';
import { recordToText } from './text.ts';

const made = new Date('2026-11-23T10:00:00Z');
const versions = { node: '24.0.0' };
const evidence = {
  classes: ['MEL', 'NV'],
  size: 2,
  cells: [
    [1, -2, 0, 0.5],
    [0, 0, 0, 0],
  ],
  kind: 'exact' as const,
  constant: [0, 0],
  logits: [-0.5, 0],
};

const pageOf = (record: ReturnType<typeof exampleRecord>) =>
  reportHtml({
    inspection: { record, evidence, evidenceError: null, alternatives: [] },
    picture: 'data:image/png;base64,AA==',
    modelName: 'Base',
    made,
    versions,
  });

describe('report', () => {
  it('says answer, basis, settings and hashes', () => {
    const record = exampleRecord('lesion.jpg');
    const html = pageOf(record);
    for (const part of [
      'Melanoma (MEL)',
      '61.0 %',
      '3 of 4 orientations',
      record.model.sha256,
      record.image.sha256,
      'group c4',
      'node 24.0.0',
      'not a medical device',
    ]) {
      expect(html).toContain(part);
    }
    expect(html).not.toMatch(/<script|https?:/);
    expect(html).toContain(`http-equiv="Content-Security-Policy" content="default-src 'none';`);
    expect(html.match(/class="differs"/g)).toHaveLength(1);
  });

  it('names the file and not the folders it lies in', () => {
    const record = exampleRecord('/home/erika-mustermann/patients/lesion.jpg');
    const html = pageOf(record);
    expect(html).toContain('lesion.jpg');
    expect(html).not.toContain('mustermann');
  });

  it.each([
    ['lesion.jpg', 'lesion.jpg'],
    ['/photos/of/lesion.jpg', 'lesion.jpg'],
    ['C:\\photos\\lesion.jpg', 'lesion.jpg'],
  ])('of %s is called %s in title, heading and provenance, with its time', (path, name) => {
    const html = reportHtml({
      inspection: { record: exampleRecord(path), evidence, evidenceError: null, alternatives: [] },
      picture: null,
      modelName: 'Base',
      made,
      versions,
    });
    expect(html).toContain(`<title>DermOrbit report: ${name}</title>`);
    expect(html).toContain(`<h1>${name}</h1><p>DermOrbit report, 2026-11-23 10:00 UTC.`);
    expect(html).toContain(`<dt>File</dt><dd>${name}, `);
  });

  it('escapes hostile file names', () => {
    const record = exampleRecord('<img src=x onerror=alert(1)>".jpg');
    const html = reportHtml({
      inspection: { record, evidence: null, evidenceError: null, alternatives: [] },
      picture: null,
      modelName: '<b>',
      made,
      versions: {},
    });
    expect(html).not.toContain('<img src=x');
    expect(html).not.toContain('<b>)');
  });

  it('draws one cell per feature-map cell, blue against, strongest most opaque', () => {
    const cells = evidenceSvg(evidence, 'MEL').match(/<rect [^>]*>/g) ?? [];
    expect(cells).toHaveLength(4);
    expect(cells[1]).toContain(
      'x="1" y="0" width="1" height="1" fill="rgb(70, 13, 149)" fill-opacity="0.750"',
    );
  });
});

describe('text', () => {
  it('says the result in words', () => {
    expect(recordToText(exampleRecord('lesion.jpg'))).toMatch(
      /^lesion\.jpg\nMelanoma \(MEL\): 61\.0 %\nMalignant[^\n]*70\.0 %\n/,
    );
  });
  it('speaks of one orientation where there is one', () => {
    const record = exampleRecord('a.jpg', { group: 'c1' });
    expect(
      recordToText({ ...record, orientations: record.orientations.slice(0, 1), stability: 1 }),
    ).toContain('Only the image as it is');
  });
});

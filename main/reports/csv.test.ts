import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DermOrbitError } from '../contract/errors.ts';
import { exampleRecord } from '../testing/records.ts';
import { recordsToCsv } from './csv.ts';

function read(text: string): Record<string, string>[] {
  return parse<Record<string, string>>(text, { columns: true });
}

describe('CSV of records', () => {
  it('has one row per image, failures in their place', () => {
    const failure = {
      image: { path: 'b.jpg' },
      error: new DermOrbitError('IMAGE_EMPTY', 'b.jpg holds no bytes.').toRecord(),
    };
    const rows = read(recordsToCsv([exampleRecord('a.jpg'), failure, exampleRecord('c, "quoted".jpg')]));
    expect(rows.map((row) => row.path)).toEqual(['a.jpg', 'b.jpg', 'c, "quoted".jpg']);
    expect(rows[0]).toMatchObject({
      top_class: 'MEL',
      top_class_name: 'Melanoma',
      malignant: '0.7',
      error_code: '',
    });
    expect(rows[1]).toMatchObject({
      error_code: 'IMAGE_EMPTY',
      error_message: 'b.jpg holds no bytes.',
      p_MEL: '',
    });
  });

  it('begins with a byte order mark for Excel, formulas neutralised all the same', () => {
    const records = [exampleRecord('La\u0308sion R\u00fccken.jpg'), exampleRecord('=1+1.jpg')];
    const [plain, excel] = [recordsToCsv(records), recordsToCsv(records, 'excel')];
    expect([...new TextEncoder().encode(excel).subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    expect(excel).toBe(`\ufeff${plain}`);
    expect(plain.startsWith('path,')).toBe(true);
    expect(read(plain).map(({ path }) => path)).toEqual(['La\u0308sion R\u00fccken.jpg', "'=1+1.jpg"]);
  });

  it('reads back every number exactly', () => {
    const record = exampleRecord('a.jpg');
    const row = read(recordsToCsv([record]))[0];
    for (const [code, value] of Object.entries(record.probabilities))
      expect(Number(row?.[`p_${code}`])).toBe(value);
    for (const [code, value] of Object.entries(record.logits ?? {}))
      expect(Number(row?.[`logit_${code}`])).toBe(value);
  });

  it('leaves logits empty where the method has none', () => {
    const row = read(recordsToCsv([exampleRecord('a.jpg', { logits: null })]))[0];
    expect(row).toMatchObject({ logit_MEL: '', p_MEL: '0.61' });
  });

  it('keeps classes of different models apart', () => {
    const other = exampleRecord('b.jpg', {
      probabilities: { benign: 0.9, other: 0.1 },
      logits: null,
      malignant: null,
    });
    const rows = read(recordsToCsv([exampleRecord('a.jpg'), other]));
    expect(rows[1]).toMatchObject({ p_benign: '0.9', p_MEL: '', top_class: 'benign', malignant: '' });
  });

  it('never lets a file name become a formula', () => {
    fc.assert(
      fc.property(fc.constantFrom('=', '+', '-', '@', '\t', '\r'), fc.string(), (first, rest) => {
        const path = read(recordsToCsv([exampleRecord(first + rest)]))[0]?.path;
        expect(path).toBe(`'${first}${rest}`);
      }),
    );
  });
});

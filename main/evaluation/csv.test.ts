import { expect, it } from 'vitest';
import { imageIdOf, listed, numberOf, parseCsv, peekHeader, readCsv } from './csv.ts';
import { refusalOf, temporaryFolder } from './testing/sets.ts';

const parse = (text: string) => parseCsv(new TextEncoder().encode(text), 'a.csv');

it('gives every row one field per column, and the line where it ends', () => {
  expect(parse('a,b\n1,2\n\n"x\ny"\n3,4,,\n')).toEqual({
    name: 'a.csv',
    header: ['a', 'b'],
    rows: [
      { line: 2, fields: ['1', '2'] },
      { line: 5, fields: ['x\ny', ''] },
      { line: 6, fields: ['3', '4'] },
    ],
  });
});

it('keeps names that are names in other languages or properties of objects', () => {
  expect(parse('constructor,__proto__,größe\n1,2,3').header).toEqual(['constructor', '__proto__', 'größe']);
});

it('reads numbers as the official scorer does', () => {
  expect(['0.5', ' 1 ', '1e-3', '.5', '5.', '+1'].map(numberOf)).toEqual([0.5, 1, 0.001, 0.5, 5, 1]);
  expect(['', 'NaN', 'NA', 'null', 'None'].map(numberOf)).toEqual([null, null, null, null, null]);
  expect(['inf', '-Infinity'].map(numberOf)).toEqual([Infinity, -Infinity]);
  expect(
    ['0x10', '1_000', '1,5', '1e', '.', '--1', 'one', '１'].map(numberOf).every((n) => n === undefined),
  ).toBe(true);
  expect(Object.is(numberOf('-0.0'), 0)).toBe(true);
});

it('compares image names without .jpg', () => {
  expect(['a.jpg', 'a.JPG', 'a.jpeg', 'a.jpg.jpg', '.jpg'].map(imageIdOf)).toEqual([
    'a',
    'a',
    'a.jpeg',
    'a.jpg',
    '',
  ]);
});

it('lists three of many', () => {
  expect([listed(['a']), listed(['a', 'b', 'c']), listed(['a', 'b', 'c', 'd', 'e'])]).toEqual([
    'a',
    'a, b, c',
    'a, b, c and 2 more',
  ]);
});

it('looks at the header of a file without reading it all', async () => {
  const folder = temporaryFolder({
    'large.csv': `a,b\n${'1,2\n'.repeat(50_000)}`,
    'broken-later.csv': 'a,b\n"',
    'binary.csv': new Uint8Array([0, 1, 2, 0xff]),
    'one-line.csv': 'x'.repeat(200_000),
    'empty.csv': '',
  });
  expect(await peekHeader(`${folder}/large.csv`)).toEqual(['a', 'b']);
  expect(await peekHeader(`${folder}/broken-later.csv`)).toEqual(['a', 'b']);
  for (const name of ['binary.csv', 'empty.csv', 'absent.csv', '.']) {
    expect(await peekHeader(`${folder}/${name}`), name).toBeNull();
  }
  expect((await peekHeader(`${folder}/one-line.csv`))?.length).toBe(1);
});

it('says what cannot be read', async () => {
  const folder = temporaryFolder({ 'a.csv': 'a\n1' });
  expect((await readCsv(`${folder}/a.csv`)).name).toBe('a.csv');
  expect(await refusalOf(() => readCsv(`${folder}/b.csv`))).toMatchObject({ code: 'DATASET_NOT_FOUND' });
  expect(await refusalOf(() => readCsv(folder))).toMatchObject({ code: 'DATASET_NOT_FOUND' });
});

it('bounds rows times columns, before short rows are filled up', async () => {
  const header = (columns: number) =>
    Array.from({ length: columns }, (_, index) => index.toString(36)).join();
  const messageOf = async (text: string) => (await refusalOf(() => parse(text))).message;
  const short = 'a\n'.repeat(65_000);
  expect(await messageOf(`${header(15_000)}\n${short}`)).toMatch(/a row has 15000 columns/);
  expect(await messageOf(`a,b\n${','.repeat(60_000)}\n`)).toMatch(/a row has 60001 columns/);
  expect(await messageOf(`${header(4000)}\n${short}`)).toMatch(/rows times columns/);
  expect(parse(`a,b\n${'1,2\n'.repeat(50_000)}`).rows).toHaveLength(50_000);
});

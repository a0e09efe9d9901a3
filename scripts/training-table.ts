// npm run docs:training: writes the tables of training's settings into docs/TRAINING.md, from the table of fields.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { defaultText, flagsOf } from '../main/cli/train-options.ts';
import { rangeText } from '../main/contract/controls.ts';
import { everyField, labelOf } from '../main/contract/training-config.ts';
import { fieldTopics, trainKinds, type TrainingField } from '../main/contract/training-fields.ts';

const path = fileURLToPath(new URL('../docs/TRAINING.md', import.meta.url));
const [begin, end] = ['<!-- made by npm run docs:training -->', '<!-- until here -->'];

/** The page as it stands. */
export const readPage = (): string => readFileSync(path, 'utf8');

/** The page with the tables as they have to be. */
export async function withTables(page: string): Promise<string> {
  const [before, after] = [page.split(begin)[0], page.split(end)[1]];
  if (before === undefined || after === undefined || before === page)
    throw new Error(`${path} lacks ${begin}`);
  const text = `${before}${begin}\n\n${tables()}\n\n${end}${after}`;
  return format(text, { ...(await resolveConfig(path)), parser: 'markdown' });
}

function tables(): string {
  return Object.entries(fieldTopics)
    .map(([topic, title]) =>
      table(
        title,
        everyField.filter((row) => row.topic === topic),
      ),
    )
    .join('\n\n');
}

function table(title: string, rows: readonly TrainingField[]): string {
  const header = [`${title}: option`, 'in the app', 'what it is', 'takes', ...trainKinds];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map((row) => line(cellsOf(row)))].join('\n');
}

function cellsOf(row: TrainingField): string[] {
  const kinds = trainKinds.filter((kind) => kind in row.defaults);
  const flags = new Set(kinds.map((kind) => `\`${flagsOf(row, kind).split(' ')[0]!}\``));
  return [
    [...flags].join(', '),
    labelOf(row),
    row.help,
    rangeText(row.control),
    ...trainKinds.map((kind) => (kind in row.defaults ? defaultText(row, kind) : '-')),
  ];
}

if (import.meta.main) writeFileSync(path, await withTables(readPage()));

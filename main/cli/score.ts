// dermorbit score: a prediction file against a ground-truth file, by the rules of the ISIC challenges' scorer.
import type { Command } from 'commander';
import { readCsv } from '../evaluation/csv.ts';
import {
  officialMetrics,
  toOfficialJson,
  type OfficialFigure,
  type OfficialScore,
} from '../evaluation/scoring/official-score.ts';
import { scoreFiles } from '../evaluation/scoring/score-files.ts';
import { paint, table } from './output.ts';

interface ScoreOptions {
  readonly truth: string;
  readonly predictions: string;
  readonly json?: boolean;
}

export function addScoreCommand(program: Command): void {
  program
    .command('score')
    .requiredOption('--truth <csv>', 'ground truth: image,MEL,NV,BCC,AKIEC,BKL,DF,VASC')
    .requiredOption('--predictions <csv>', 'one row per image, one probability per class')
    .option('--json', "print the numbers in the shape of the scorer's own JSON, with its conventions")
    .action(score);
}

async function score({ truth, predictions, json }: ScoreOptions): Promise<void> {
  const result = scoreFiles(await readCsv(truth), await readCsv(predictions));
  if (json) process.stdout.write(`${JSON.stringify(toOfficialJson(result.score), null, 2)}\n`);
  else print(result.score, result.ids.length);
}

function print({ overall, validation, per_category, macro_average }: OfficialScore, images: number): void {
  const codes = Object.keys(per_category.auc);
  const header = ['', ...codes, 'macro'].map((cell) => paint('dim', cell));
  const rows = officialMetrics.map((metric) => [
    metric,
    ...codes.map((code) => shown(per_category[metric][code]!)),
    shown(macro_average[metric]),
  ]);
  const figures = [...officialMetrics.flatMap((metric) => Object.values(per_category[metric])), overall];
  const notes = [...new Set(figures.flatMap(({ note }) => note ?? []))];
  const right = new Set(header.keys());
  right.delete(0);
  process.stdout.write(
    `${paint('bold', `Balanced multiclass accuracy ${shown(overall)}`)} on ${images} images` +
      ` (with validation weights ${shown(validation)})\n\n${table([header, ...rows], right)}\n`,
  );
  if (notes.length > 0) {
    process.stdout.write(`\nUndefined, with what the official scorer says instead: ${notes.join('; ')}.\n`);
  }
}

/** An undefined figure is shown as such, with the official convention beside it. */
function shown({ value, official }: OfficialFigure): string {
  if (value !== null) return value.toFixed(4);
  return official === null ? 'undefined' : `undef. (${official})`;
}

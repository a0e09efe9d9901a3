// A finished evaluation on its way out: a report, the whole result, or the table of one row for the official scorer.
import type { ExportResult } from '../contract/application.ts';
import { DermOrbitError } from '../contract/errors.ts';
import { evaluationReport } from '../reports/evaluation-report.ts';
import { withNamesOnly } from '../reports/names-only.ts';
import type { Context } from './context.ts';
import type { CheckedInput } from '../contract/application.ts';
import type { ExportDocument } from './surface.ts';

/** @throws DermOrbitError EVALUATION_NOT_FOUND, EVALUATION_INVALID; REQUEST_INVALID for a row that it does not have */
export async function exportEvaluation(
  context: Context,
  { evaluation, as }: CheckedInput<'exportEvaluation'>,
): Promise<ExportResult> {
  return context.surface.deliver(await documentOf(context, evaluation, as));
}

async function documentOf(
  { evaluations }: Context,
  id: string,
  as: CheckedInput<'exportEvaluation'>['as'],
): Promise<ExportDocument> {
  const evaluation = withNamesOnly(await evaluations.open(id));
  const name = `evaluation-${id}`;
  switch (as.format) {
    case 'report':
      return { name: `${name}.html`, mediaType: 'text/html', text: evaluationReport(evaluation) };
    case 'json':
      return {
        name: `${name}.json`,
        mediaType: 'application/json',
        text: JSON.stringify(evaluation, null, 2),
      };
    case 'predictions': {
      const known = evaluation.models.some(
        (model) => model.id === as.model && model.rows.some((row) => row.id === as.row),
      );
      if (!known) throw new DermOrbitError('REQUEST_INVALID', 'The evaluation has no such row.');
      const text = await evaluations.predictions(id, as.model, as.row);
      return { name: `${name}.${as.model}.${as.row}.csv`, mediaType: 'text/csv', text };
    }
  }
}

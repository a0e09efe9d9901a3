// Results on their way out: tables and records of the list, a report or a text on one image.
import type { ApplicationOutput, ExportResult } from '../contract/application.ts';
import { DermOrbitError } from '../contract/errors.ts';
import type { ClassificationRecord } from '../contract/record.ts';
import { recordsToCsv } from '../reports/csv.ts';
import { recordsToJson } from '../reports/json.ts';
import { reportHtml } from '../reports/report.ts';
import { recordToText } from '../reports/text.ts';
import type { HandlerOptions } from '../rpc/dispatch.ts';
import type { Context } from './context.ts';
import type { CheckedInput } from '../contract/application.ts';

const tables = {
  // A person of the app opens a table with a double click, which mostly means Excel.
  csv: {
    mediaType: 'text/csv',
    write: (records: readonly ClassificationRecord[]) => recordsToCsv(records, 'excel'),
  },
  json: { mediaType: 'application/json', write: recordsToJson },
} as const;

/** The results of the given images; those without one are left out. */
export function exportTable(
  context: Context,
  images: readonly string[],
  format: keyof typeof tables,
): Promise<ExportResult> {
  const records = images
    .map((image) => context.list.item(image).record)
    .filter((record): record is ClassificationRecord => record !== null);
  if (records.length === 0) {
    throw new DermOrbitError('NO_IMAGES', 'None of the images has a result yet; classify them first.');
  }
  const { mediaType, write } = tables[format];
  return context.surface.deliver({ name: `dermorbit-${today()}.${format}`, mediaType, text: write(records) });
}

/** One page on one image, made from a fresh look at it with the given settings. */
export async function exportReport(
  context: Context,
  { image, ...choice }: CheckedInput<'exportReport'>,
  { signal }: HandlerOptions<never>,
): Promise<ApplicationOutput<'exportReport'>> {
  const path = context.list.pathOf(image);
  const inspection = await context.engine.api.call('inspect', { ...choice, path }, { signal });
  const model = await context.engine.api.call('model', { id: inspection.record.model.id }, { signal });
  const picture = await context.pictures.get(path, { kind: 'square' });
  const record = context.list.shown(image, inspection.record);
  const html = reportHtml({
    inspection: { ...inspection, record },
    picture: `data:${picture.mediaType};base64,${Buffer.from(picture.bytes).toString('base64')}`,
    modelName: model.name,
    made: new Date(),
    versions: context.versions,
  });
  const name = context.list.item(image).name.replace(/\.[^.]*$/, '');
  return context.surface.deliver({ name: `${name}-dermorbit.html`, mediaType: 'text/html', text: html });
}

/** The result of one image in words, with the given settings. */
export async function textOf(
  context: Context,
  { image, ...choice }: CheckedInput<'copyText'>,
  { signal }: HandlerOptions<never>,
): Promise<string> {
  const path = context.list.pathOf(image);
  const { record } = await context.engine.api.call('inspect', { ...choice, path }, { signal });
  return recordToText(context.list.shown(image, record));
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

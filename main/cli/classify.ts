// dermorbit classify: files and folders in, one record per image out.
import { join } from 'node:path';
import type { Command } from 'commander';
import { asDermOrbitError, DermOrbitError } from '../contract/errors.ts';
import { formatList } from '../contract/image-kinds.ts';
import type { ClassificationRecord } from '../contract/record.ts';
import { isFailure } from '../contract/record.ts';
import type { Skipped } from '../contract/skipped.ts';
import { hasSpatialFrame, resolveSettings } from '../equivariance/settings.ts';
import { classifyFiles, type ClassifiedFile } from '../engine/classify.ts';
import { defaultModelFolders, installationFolder } from '../engine/folders.ts';
import { loadModel } from '../engine/model.ts';
import { ModelStore } from '../engine/store/store.ts';
import { listImages } from '../imaging/list.ts';
import { CsvTarget } from './csv-target.ts';
import { EvidenceWriter } from './evidence.ts';
import { harmless, interruptSignal, isUnread, jsonText, note } from './output.ts';
import { showProgress } from './progress.ts';
import {
  addSettingsOptions,
  providerOption,
  settingsChoice,
  type SettingsOptions,
} from './settings-options.ts';
import { printOne, printTable } from './show-records.ts';
import { hasSkippedPictures, tellSkipped } from './show-skipped.ts';

interface ClassifyOptions extends SettingsOptions {
  readonly evidence?: string;
  readonly csv?: string;
  readonly excel?: boolean;
  readonly json?: boolean;
}

export function addClassifyCommand(program: Command): void {
  const command = program
    .command('classify')
    .argument('[files or folders...]', `${formatList('or')} images; folders are searched`);
  addSettingsOptions(command)
    .option('--evidence <dir>', 'write an evidence map for each image into this folder (PNG and JSON)')
    .option('--csv <file>', 'write one row per image into this file')
    .option('--excel', 'begin the CSV with a byte order mark, so that Excel reads it as UTF-8')
    .option('--json', 'print one JSON array of records and nothing else')
    .addHelpText(
      'after',
      '\nA file that cannot be classified becomes an error in its place; the rest go on and the exit code is 1.' +
        '\n\nExamples:\n  dermorbit classify lesion.jpg\n  dermorbit classify photos/ --csv results.csv' +
        '\n  dermorbit classify photos/ --group d4 --method equitune --json > records.json',
    )
    .action(classify);
}

async function classify(inputs: string[], options: ClassifyOptions): Promise<void> {
  const signal = interruptSignal();
  const provider = providerOption(options);
  const examples = join(installationFolder(), 'assets', 'phantoms');
  const { files, notes, skipped } = await listImages(inputs.length > 0 ? inputs : [examples], { signal });
  for (const { path, message } of notes) note(harmless(`${path}: ${message}`));
  // What lies beside the examples is no business of the person's; programs are told of text files in no way.
  const told = inputs.length > 0 && (hasSkippedPictures(skipped) || !options.json) ? skipped : [];
  tellSkipped(told);

  if (options.excel === true && options.csv === undefined) {
    throw new DermOrbitError('OPTION_INVALID', '--excel goes with --csv FILE.');
  }
  const csv =
    options.csv === undefined
      ? null
      : await CsvTarget.open(options.csv, options.excel === true ? 'excel' : 'any');
  const model = await loadModel(await new ModelStore(defaultModelFolders()).find(options.model), provider);
  const settings = resolveSettings(
    settingsChoice(options),
    model.combiners,
    model.manifest.features !== null,
  );
  if (options.evidence !== undefined && !hasSpatialFrame(settings)) {
    throw new DermOrbitError(
      'EVIDENCE_UNAVAILABLE',
      `${settings.method} with these settings has no evidence map.`,
    );
  }
  if (inputs.length === 0 && !options.json) {
    note('No images named: classifying the phantoms (synthetic examples, no patients).\n');
  }

  const evidence = options.evidence === undefined ? null : await EvidenceWriter.open(options.evidence);
  const output = options.json ? new JsonArray() : null;
  const progress = showProgress(files.length, 'images');
  const records: ClassificationRecord[] = [];
  try {
    for await (const classified of classifyFiles(model, settings, files, {
      signal,
      evidence: evidence !== null,
    })) {
      const record = await withEvidence(classified, evidence);
      records.push(record);
      output?.add(record);
      progress.update(records.length, files[records.length] ?? '');
      if (isUnread() && !csv && !evidence) break;
    }
  } catch (error) {
    throw stoppedEarly(error, records.length, files.length);
  } finally {
    // However the run ends, what is done is kept: on standard output first, since the CSV may fail.
    progress.stop();
    if (output) output.close(told);
    else if (records.length > 0) (records.length === 1 ? printOne : printTable)(records);
    await model.release();
    if (records.length > 0) await csv?.write(records);
  }
  if (records.some(isFailure)) process.exitCode = 1;
}

/** A cancellation that says how far the run came; other errors as they are. */
function stoppedEarly(error: unknown, done: number, total: number): unknown {
  const cancelled = asDermOrbitError(error).code === 'CANCELLED';
  return cancelled
    ? new DermOrbitError('CANCELLED', `${done} of ${total} images were classified.`, { cause: error })
    : error;
}

/** A map that cannot be written is the failure of the whole run (a full disk stays full), told with its file. */
async function withEvidence(
  { record, evidence }: ClassifiedFile,
  writer: EvidenceWriter | null,
): Promise<ClassificationRecord> {
  if (writer && evidence && !isFailure(record)) await writer.write(record, evidence.map);
  return record;
}

/** Standard output as one JSON array that is closed however the run ends. */
class JsonArray {
  #count = 0;

  constructor() {
    process.stdout.write('[');
  }

  add(record: ClassificationRecord): void {
    this.#write(record);
  }

  /** @param skipped becomes a last element of its own, where there is any */
  close(skipped: readonly Skipped[]): void {
    if (skipped.length > 0) this.#write({ skipped });
    process.stdout.write(this.#count === 0 ? ']\n' : '\n]\n');
  }

  #write(element: object): void {
    process.stdout.write(`${this.#count++ === 0 ? '\n' : ',\n'}${jsonText(element)}`);
  }
}

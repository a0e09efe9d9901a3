// From what was measured to the table: published numbers beside measured ones, and what a person must know to read them.
import type { ErrorRecord } from '../../contract/error-record.ts';
import {
  rowId,
  type MeasuredModel,
  type ReproducedRow,
  type ReproducedStage,
  type Reproduction,
} from '../../contract/reproduction.ts';
import { version } from '../../engine/version.ts';
import { softwareVersions } from '../run/versions.ts';
import { ownRow, rowsInGroups } from './measure.ts';
import { startId, type ReproductionChoice, type Step } from './plan.ts';
import { publishedSource, publishedTop1 } from './published.ts';
import { recipes } from './recipes.ts';
import type { PreparedReproduction } from './prepare.ts';

/** What came of a step: a measurement, or why there is none. */
export type StepOutcome =
  | { readonly measured: MeasuredModel; readonly error: null }
  | { readonly measured: null; readonly error: ErrorRecord };

const titles = { isic: 'ISIC 2018 Task 3', cifar100: 'CIFAR-100' } as const;

/** What always answering with the commonest class scores, which top-1 alone does not tell from a good model. */
export function constantAnswerNote({ classes, imagesPerClass, images }: MeasuredModel): string {
  const most = Math.max(...imagesPerClass);
  const code = classes[imagesPerClass.indexOf(most)]!;
  const present = imagesPerClass.filter((count) => count > 0).length;
  const name = code === 'NV' ? 'nevus' : code;
  return (
    `Always answering ${name} scores ${((100 * most) / images).toFixed(2)} % top-1 on these ${images} images, with a ` +
    `balanced accuracy of 1/${present} (${(100 / present).toFixed(1)} %). Judge by balanced accuracy, never by top-1 alone.`
  );
}

function notesOf({ dataset, rows }: ReproductionChoice, measured: MeasuredModel): string[] {
  const isic = dataset === 'isic';
  return [
    ...(isic ? [constantAnswerNote(measured)] : []),
    ...(isic && rows.some(({ recipe }) => recipe === 'original')
      ? [
          'The published 63.73 % of "original", finetuned, is exactly what always answering nevus scores on the 193 ' +
            'validation images of ISIC 2018.',
        ]
      : []),
    "Every image is turned by one random element of the row's group. Flip rate: share of images whose answer that turn " +
      'changes. Without the inverse, with the plain head, and at the embedding level the answer does not depend on it.',
    'Intervals: 95 %, by bootstrap over lesions; images whose lesion is unknown count as one each.',
  ];
}

/** @param outcomes by the ids of steps, of all of them */
export function resultOf(
  prepared: PreparedReproduction,
  outcomes: ReadonlyMap<string, StepOutcome>,
): Reproduction {
  const { request, steps, provider, differences } = prepared;
  const { dataset, model, data, rows, seed, scale, onlyPrefinetune } = request;
  const zeroShot = outcomes.get(startId(dataset))!.measured!;
  const { images, lesions, classes, imagesPerClass, dataSha256 } = zeroShot;
  const { manifest, sha256 } = model;
  return {
    schema: 1,
    dermorbit: version,
    versions: softwareVersions(provider),
    made: new Date().toISOString(),
    ...{ dataset, title: titles[dataset], source: publishedSource },
    model: {
      ...{ id: manifest.id, name: manifest.name, architecture: manifest.architecture.name, sha256 },
      checkpointSha256: manifest.source?.sha256 ?? null,
    },
    data: {
      training: data.training.images,
      validation: data.validation.images,
      limit: data.limit,
      ...{ images, lesions, classes, imagesPerClass, sha256: dataSha256 },
    },
    ...{ provider, seed, scale, onlyPrefinetune },
    zeroShot: rowsInGroups(
      zeroShot,
      rows.map(({ group }) => group),
    ),
    rows: rows.map((row): ReproducedRow => {
      const own = steps.filter((step) => step.kind !== 'zero-shot' && rowId(step.row) === rowId(row));
      const stages = own.flatMap((step) =>
        step.kind === 'zero-shot' ? [] : [stageOf(prepared, step, outcomes.get(step.id)!)],
      );
      return { ...row, id: rowId(row), title: recipes[row.recipe].title, stages };
    }),
    notes: notesOf(request, zeroShot),
    differences,
  };
}

function stageOf(
  { request, folder }: PreparedReproduction,
  step: Exclude<Step, { kind: 'zero-shot' }>,
  { measured, error }: StepOutcome,
): ReproducedStage {
  return {
    stage: step.stage,
    published: publishedTop1(request.dataset, step.row, step.stage),
    measured: measured && ownRow(measured, step),
    failure: error?.message ?? null,
    model: step.id,
    sha256: measured?.sha256 ?? null,
    config: step.config,
    seconds: folder.seconds(step.id),
  };
}

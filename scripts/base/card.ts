// What the bundled model is measured at, and the card that says so.
import { packagedResNet } from '../../main/backbones/clip-resnet/import.ts';
import type { EvaluationRow } from '../../main/contract/evaluation.ts';
import { mapOf, type Manifest } from '../../main/contract/manifest.ts';
import type { ProviderChoice } from '../../main/contract/settings.ts';
import type { FinetuneConfig, PrefinetuneConfig, ScratchConfig } from '../../main/contract/training.ts';
import { loadModel } from '../../main/engine/model.ts';
import type { ModelPackage } from '../../main/engine/store/package.ts';
import { version } from '../../main/engine/version.ts';
import { openDataset } from '../../main/evaluation/datasets/datasets.ts';
import type { DatasetSource } from '../../main/contract/dataset.ts';
import { defaultBootstrap } from '../../main/evaluation/metrics/bootstrap.ts';
import { evaluate, planModel } from '../../main/evaluation/run/evaluate.ts';
import { percent } from '../../main/contract/percent.ts';
import { table } from '../../main/training/run/model-card.ts';
import type { Provenance } from './start-rows.ts';

/** Figures of one method on the validation images, as they are and turned. */
export interface MeasuredMethod {
  readonly method: string;
  readonly upright: EvaluationRow;
  /** Every image turned by a random element of c4. */
  readonly turned: EvaluationRow;
}

export interface MeasuredBase {
  readonly classes: readonly string[];
  readonly images: number;
  readonly methods: readonly MeasuredMethod[];
}

const methods = ['vanilla', 'tta', 'equitune', 'equizero', 'lambda', 'attention'] as const;

/** The only look at the validation images. */
export async function measureBase(
  base: ModelPackage,
  source: DatasetSource,
  provider: ProviderChoice,
  folder: string,
  signal: AbortSignal,
): Promise<MeasuredBase> {
  const model = await loadModel(base, provider);
  try {
    const set = await openDataset(source, signal);
    const planned = planModel(model, set, {
      ...{ groups: ['c4'], methods, levels: [], inverses: [], heads: [] },
    });
    const rowsOf = async (turned: 'all' | 'random') => {
      const { evaluation } = await evaluate(
        {
          source,
          models: [planned],
          views: { turned, angles: [], seed: 1, checkedImages: 16 },
          bootstrap: defaultBootstrap,
        },
        { folder, signal },
      );
      return evaluation.models[0]!;
    };
    const [upright, turned] = [await rowsOf('all'), await rowsOf('random')];
    return {
      classes: upright.classes,
      images: upright.images,
      methods: upright.rows.map((row) => ({
        method: row.settings.method,
        upright: row,
        turned: turned.rows.find(({ id }) => id === row.id)!,
      })),
    };
  } finally {
    await model.release();
  }
}

const figure = ({ figures }: EvaluationRow, name: string) => figures.find((one) => one.name === name);

function accuracy(row: EvaluationRow): string {
  const found = figure(row, 'balancedAccuracy');
  return `${percent(found?.value ?? null)} (${percent(found?.low ?? null)} to ${percent(found?.high ?? null)})`;
}

const flips = ({ robustness }: EvaluationRow) =>
  robustness?.shares.find(({ name }) => name === 'flipped')?.value ?? null;

/** Figures of the manifest. */
export function metricsOf({ images, methods: measured }: MeasuredBase): Manifest['metrics'] {
  const dataset = 'ISIC 2018 Task 3 validation';
  return measured.flatMap(({ method, upright }) => {
    const value = figure(upright, 'balancedAccuracy')?.value;
    return value == null
      ? []
      : [{ name: 'Balanced accuracy', value, dataset, images, note: `c4 ${method}, upright` }];
  });
}

function recallTable(
  name: string,
  classes: readonly string[],
  measured: readonly MeasuredMethod[],
  rowOf: (method: MeasuredMethod) => EvaluationRow,
): string {
  const recall = (row: EvaluationRow, code: string) => percent(figure(row, `recall/${code}`)?.value ?? null);
  return table(
    [name, ...classes],
    measured.map((one) => [one.method, ...classes.map((code) => recall(rowOf(one), code))]),
  );
}

/** What the weight networks learned: an even weight says that no orientation is preferred. */
function weightSentence(measured: readonly MeasuredMethod[]): string[] {
  const learned = measured.flatMap(({ method, upright: { weights, settings } }) => {
    if (!weights || (settings.method !== 'lambda' && settings.method !== 'attention')) return [];
    const { meanLargest, notUprightShare, orientations } = weights.all;
    const even = percent(1 / orientations.length);
    return `${method}: the largest weight of an image is ${percent(meanLargest)} on average (all alike: ${even}), and not the upright orientation's in ${percent(notUprightShare)} of the images`;
  });
  return learned.length === 0 ? [] : [`Weights of the orientations. ${learned.join('. ')}.`];
}

export interface BaseFacts {
  readonly tower: ScratchConfig | FinetuneConfig;
  /** Null where the tower started from random weights. */
  readonly start: Provenance | null;
  /** Finetuning through the orbits; null where the head needs none. */
  readonly orbit: FinetuneConfig | null;
  readonly networks: readonly PrefinetuneConfig[];
  readonly base: ModelPackage;
  readonly measured: MeasuredBase;
}

/** The card of the bundled model, Markdown. */
export function baseCard(facts: BaseFacts): string {
  const { base, measured, start } = facts;
  const { classes, images } = measured;
  return `${[
    '# DermOrbit base',
    `A small image classifier for dermoscopic images of single skin lesions: seven classes (${classes.join(', ')}) of ISIC 2018 Task 3. It comes with DermOrbit so that the product runs on real weights from the first start, and DermOrbit made it: \`npm run train:base\`.`,
    '**Research use only. Not a medical device. Do not use it to make or to delay a decision about a patient.**',
    '## What it is',
    whatItIs(base),
    '## How it was made',
    howItWasMade(facts),
    ...(start ? ['## Where the starting weights come from', provenanceText(start)] : []),
    '## Data and licence',
    '10,015 training images of ISIC 2018 Task 3 (HAM10000), ViDIR Group, Department of Dermatology, Medical University of Vienna; licence CC BY-NC 4.0. Because of that licence the model is for non-commercial research. Please cite Codella et al. 2018 (arXiv:1902.03368) and Tschandl et al. 2018 (Scientific Data 5, 180161).',
    '## What was measured',
    `On the ${images} validation images of ISIC 2018 Task 3, which chose nothing. Intervals: 95 %, bootstrap over lesions. Turned: every image by a random quarter turn. Changed: images whose answer some quarter turn changes.`,
    table(
      ['method (c4)', 'balanced accuracy', 'the same, turned', 'top-1', 'changed'],
      measured.methods.map(({ method, upright, turned }) => [
        method,
        accuracy(upright),
        accuracy(turned),
        percent(figure(upright, 'top1')?.value ?? null),
        percent(flips(upright)),
      ]),
    ),
    recallTable('recall', classes, measured.methods, ({ upright }) => upright),
    recallTable('recall, turned', classes, measured.methods, ({ turned }) => turned),
    ...weightSentence(measured.methods),
    '"Always nevus" scores 63.7 % top-1 on this set: judge by balanced accuracy.',
    '## Limits',
    '- 193 validation images hold 1 dermatofibroma and 3 vascular lesions: figures for single classes mean little there.\n' +
      '- Training images come from two clinics and are mostly of light skin; other skin types, cameras, body sites and diagnoses outside the seven classes were not tested. An image of something else gets one of the seven answers too.\n' +
      '- Invariance is exact for quarter turns of the same pixels. Turning a photograph by other angles, or turning it before it is cropped, changes the pixels and may change the answer.',
  ].join('\n\n')}\n`;
}

function whatItIs({ manifest }: ModelPackage): string {
  const { architecture, input, embedding, classes } = manifest;
  const features = mapOf(manifest);
  const million = (architecture.parameters / 1e6).toFixed(1);
  const heads = packagedResNet(manifest)?.heads;
  const head = heads ? `an attention pool of ${heads} heads` : 'the mean of the cells';
  return (
    `- Image tower: ${architecture.name}; input ${input.size} x ${input.size}, feature map ${features.channels} x ${features.size} x ${features.size}, head: ${head}; embedding ${embedding}; ${million} million weights.\n` +
    `- Trained class embeddings [${embedding}, ${classes.length}]; logits are the raw products of embedding and class embeddings (no normalisation, scale 1).\n` +
    '- Lambda net and attention nets (QNet, KNet) at feature level, for quarter turns (c4), inverse on, orbit head.\n' +
    '- Weights are stored in half precision and computed with in single precision.'
  );
}

const stepsOf = ({ rounds, iterations, batch }: Pick<FinetuneConfig, 'rounds' | 'iterations' | 'batch'>) =>
  `${rounds * (iterations ?? 1)} steps of ${batch} images`;

function howItWasMade({ tower, start, orbit, networks, base }: BaseFacts): string {
  const { size } = base.manifest.input;
  const passes = tower.smallerFirst.map((stage) => `${stage.rounds} on ${stage.size} x ${stage.size} pixels`);
  const whole = tower.rounds - tower.smallerFirst.reduce((sum, { rounds }) => sum + rounds, 0);
  const { augmentation: changes } = tower;
  const steps = networks.map(stepsOf);
  return [
    `Tower, head and class embeddings from ${start ? `the weights of ${start.source} (class embeddings and the last projection from random ones)` : 'random weights'}: ${[...passes, `${whole} on ${size} x ${size}`].join(', ')} passes over the training images; AdamW, learning rate ${tower.learningRate} (${tower.schedule}), weight decay ${tower.weightDecay}, batches of ${tower.batch}; turns by any angle, mirrors, crops of ${changes.crop.map((side) => `${Math.round(100 * side)}`).join(' to ')} % of the side, changes of colour${changes.masked > 0 ? `, ${percent(changes.masked)} of the pictures on a disc as the turn test shows them` : ''}; cross entropy with logit adjustment ${tower.logitAdjustment} and label smoothing ${tower.labelSmoothing}; running average of the weights (${tower.averaging ?? 'none'}).`,
    ...(orbit
      ? [
          `Then ${stepsOf(orbit)} through the orbit of every image (${orbit.method}, ${orbit.group}, inverse ${orbit.inverse}, ${orbit.head} head), learning rate ${orbit.learningRate}, so that the pool has seen combined maps.`,
        ]
      : []),
    `Then lambda and attention nets on the frozen tower, classes balanced by oversampling, ${steps.join(' and ')}. Each time the best round was chosen on the same part of the training images, which shares no lesion with the rest. DermOrbit ${version}.`,
  ].join(' ');
}

function provenanceText({ source, known, inferred, unknown }: Provenance): string {
  const list = (title: string, items: readonly string[]) => items.map((item) => `- ${title}: ${item}`);
  return [
    `${source}.\n`,
    ...list('Known', known),
    ...list('Inferred, not documented', inferred),
    ...list('Not known', unknown),
  ].join('\n');
}

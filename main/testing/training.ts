// A model and images to train on in tests: the small random model, and phantoms in a folder per class. Test use only.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawPhantom } from '../../assets/phantoms/draw.ts';
import { phantoms } from '../../assets/phantoms/phantoms.ts';
import type { PrefinetuneConfig } from '../contract/training.ts';
import type { ModelPackage } from '../engine/store/package.ts';
import { importModel } from '../engine/store/import.ts';
import { sharp } from '../imaging/sharp.ts';
import type { PrefinetuneRequest } from '../training/request.ts';
import { temporaryStore, type TemporaryStore } from './model-store.ts';
import { smallClasses, smallClassEmbeddings, smallImport, writeTensors } from './random-model.ts';

export interface TrainingBench extends TemporaryStore {
  readonly model: ModelPackage;
  /** A folder per class; the class of a phantom is its kind. */
  readonly images: string;
}

/** @param perClass phantoms of each of the model's classes, from different seeds */
export async function trainingBench(perClass: number): Promise<TrainingBench> {
  const temporary = temporaryStore();
  const model = await smallModel(temporary, 'small', smallClasses);
  const images = join(temporary.root, 'images');
  await drawImages(images, perClass, smallClasses, 0);
  return { ...temporary, model, images };
}

/** The small random model with any classes. */
export function smallModel(
  temporary: TemporaryStore,
  id: string,
  classes: readonly string[],
): Promise<ModelPackage> {
  const embeddings = smallClassEmbeddings(classes.length);
  const classEmbeddings = writeTensors(temporary.root, `${id}-classes`, embeddings);
  return importModel(temporary.store, smallImport(temporary, { id, classes: [...classes], classEmbeddings }));
}

/** A folder per class with phantoms of its kind; other numbers, other phantoms. */
export async function drawImages(
  images: string,
  perClass: number,
  classes: readonly string[],
  first: number,
): Promise<void> {
  await Promise.all(
    classes.map(async (code, kind) => {
      mkdirSync(join(images, code), { recursive: true });
      for (let number = first; number < first + perClass; number++) {
        const { recipe } = phantoms[kind % phantoms.length]!;
        const { width, height, data } = drawPhantom({
          seed: 100 * kind + number,
          recipe,
          width: 128,
          height: 96,
        });
        const png = await sharp(data, { raw: { width, height, channels: 3 } })
          .png()
          .toBuffer();
        writeFileSync(join(images, code, `${code}-${number}.png`), png);
      }
    }),
  );
}

/** A run over those images; any field of request and configuration can be replaced. */
export function smallRequest(
  { root, model, images }: TrainingBench,
  out: string,
  config: Partial<PrefinetuneConfig> = {},
  changes: Partial<PrefinetuneRequest> = {},
): PrefinetuneRequest {
  return {
    model,
    provider: 'cpu',
    config: {
      method: 'lambda',
      level: 'feature',
      group: 'c4',
      inverse: 'on',
      head: 'orbit',
      initial: 'fresh',
      loss: 'updated',
      optimizer: 'sgd',
      momentum: 0.9,
      nesterov: false,
      weightDecay: 0,
      clip: null,
      learningRate: 0.33,
      warmup: 0,
      schedule: 'constant',
      rounds: 3,
      iterations: 4,
      batch: 4,
      balance: 'none',
      turns: true,
      dropout: 0.5,
      seed: 1,
      patience: null,
      ...config,
    },
    data: {
      training: { images, labels: null, lesions: null },
      validation: null,
      validationShare: 0.25,
      limit: null,
      allowMissingClasses: false,
    },
    out,
    run: join(root, 'runs', out),
    cache: join(root, 'c4.orbits'),
    resume: false,
    ...changes,
  };
}

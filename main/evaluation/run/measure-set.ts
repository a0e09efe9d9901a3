// A labelled set through one model: images are read ahead while the networks run, each is measured once however
// often it occurs, and what was measured goes to the journal before the next. At most one orbit is held at a time.
import type { DermOrbitError } from '../../contract/errors.ts';
import { asDermOrbitError } from '../../contract/errors.ts';
import { lookAhead } from '../../engine/look-ahead.ts';
import type { LoadedModel } from '../../engine/model.ts';
import { version } from '../../engine/version.ts';
import type { LabelledItem } from '../datasets/labelled-set.ts';
import { below, seededRandom } from '../metrics/random.ts';
import { Journal } from './journal.ts';
import { measureImage } from './measure-image.ts';
import { readItem } from './pixels.ts';
import type { PlannedRow, ViewChoices } from './plan.ts';
import { layoutOf, type Layout, type MeasuredImage } from './views.ts';

/** What was measured, image by image. */
export interface MeasuredSet {
  readonly layout: Layout;
  /** The items that could be measured, in their order, */
  readonly items: readonly LabelledItem[];
  /** their numbers, */
  readonly images: readonly MeasuredImage[];
  /** and the hashes of their bytes. */
  readonly hashes: readonly string[];
  readonly failures: readonly { readonly id: string; readonly error: DermOrbitError }[];
  /** Images taken over from the journal. */
  readonly resumed: number;
  readonly journal: string;
}

export interface MeasureOptions {
  /** Where the journal lies. */
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
  /** With the path of the journal, before anything is measured. */
  readonly onJournal?: ((path: string) => Promise<void>) | undefined;
  /** After every image. */
  readonly onImage?: ((done: number, id: string) => void) | undefined;
}

/**
 * Measures every item of a set.
 * @throws DermOrbitError CANCELLED within one image of the signal, WRITE_FAILED, DISK_FULL, OUT_OF_MEMORY, and the
 *   first failure if no image at all could be measured
 */
export async function measureSet(
  model: LoadedModel,
  items: readonly LabelledItem[],
  rows: readonly PlannedRow[],
  views: ViewChoices,
  { folder, signal, onJournal, onImage }: MeasureOptions,
): Promise<MeasuredSet> {
  const layout = layoutOf(rows, views, model.manifest.classes.length);
  const checked = chooseChecked(items, views);
  const key = {
    dermorbit: version,
    model: model.sha256,
    provider: model.provider,
    rows: rows.map(({ settings }) => settings),
    turned: views.turned,
    angles: views.angles,
    seed: views.seed,
  };
  const journal = await Journal.open(folder, model.id, key, layout);
  const isKnown = (sha256: string, item: LabelledItem) => {
    const known = journal.get(sha256);
    return known !== undefined && (known.check !== null || !checked.has(item.id));
  };
  const measured: { item: LabelledItem; image: MeasuredImage; sha256: string }[] = [];
  const failures: { id: string; error: DermOrbitError }[] = [];
  let resumed = 0;
  try {
    await onJournal?.(journal.path);
    const prepare = (item: LabelledItem) =>
      readItem(item, model.manifest.input.size, (sha256) => isKnown(sha256, item), signal);
    for await (const { index, item, outcome } of lookAhead(items, prepare, signal)) {
      if ('error' in outcome) failures.push({ id: item.id, error: outcome.error });
      else {
        const { sha256, square } = outcome.value;
        let image = journal.get(sha256);
        if (square === null) resumed++;
        else if (!image || !isKnown(sha256, item)) {
          const toMeasure = { sha256, square, checked: checked.has(item.id) };
          image = await measureImage(model, layout, views, toMeasure, signal);
          await journal.append(sha256, image);
        }
        measured.push({ item, image: image!, sha256 });
      }
      onImage?.(index + 1, item.id);
    }
  } catch (error) {
    throw asDermOrbitError(error);
  } finally {
    await journal.close();
  }
  if (measured.length === 0) throw failures[0]!.error;
  return {
    layout,
    items: measured.map(({ item }) => item),
    images: measured.map(({ image }) => image),
    hashes: measured.map(({ sha256 }) => sha256),
    failures,
    resumed,
    journal: journal.path,
  };
}

/** A random subset of the items, the same for the same items and seed. */
function chooseChecked(items: readonly LabelledItem[], views: ViewChoices): ReadonlySet<string> {
  if (views.turned === 'none') return new Set();
  const random = seededRandom(views.seed);
  const ids = items.map(({ id }) => id);
  const count = Math.min(views.checkedImages, ids.length);
  for (let place = 0; place < count; place++) {
    const other = place + below(random, ids.length - place);
    [ids[place], ids[other]] = [ids[other]!, ids[place]!];
  }
  return new Set(ids.slice(0, count));
}

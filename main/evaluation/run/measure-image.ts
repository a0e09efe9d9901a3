// All numbers of one image: every row, every view, from one reading of each orientation.
import { orbitOfImage } from '../../engine/classify.ts';
import type { LoadedModel } from '../../engine/model.ts';
import { predictTurned, type TurnedPrediction } from '../../engine/predict-turned.ts';
import { groups, type GroupName } from '../../groups/groups.ts';
import { rotateSquare } from '../../imaging/rotate.ts';
import { decide } from '../metrics/scored-set.ts';
import { turnSquare } from './pixels.ts';
import type { ViewChoices } from './plan.ts';
import { checkedTurn, turnsOf, type Layout, type MeasuredImage } from './views.ts';

/** One image as it was read. */
export interface ImageToMeasure {
  readonly sha256: string;
  /** [R, R, 3] */
  readonly square: Uint8Array;
  /** Whether its pixels are really turned too. */
  readonly checked: boolean;
}

/** @throws DermOrbitError INFERENCE_FAILED, COMBINER_MISSING, CANCELLED */
export async function measureImage(
  model: LoadedModel,
  layout: Layout,
  views: ViewChoices,
  { sha256, square, checked }: ImageToMeasure,
  signal?: AbortSignal,
): Promise<MeasuredImage> {
  const { rows, classCount } = layout;
  const { size } = model.manifest.input;
  const probabilities = new Float64Array(layout.probabilities);
  const weights = new Float64Array(layout.weights);

  const orbit = orbitOfImage(model, square);
  const requests = rows.map(({ settings }) => ({
    settings,
    turns: turnsOf(groups[settings.group], views, sha256),
  }));
  const turned = await predictTurned(orbit, requests);
  turned.forEach((predictions, row) => {
    const { probabilitiesAt, weightsAt } = rows[row]!;
    predictions.forEach((prediction, view) => {
      probabilities.set(prediction.probabilities, probabilitiesAt + view * classCount);
    });
    weights.set(predictions[0]!.weights, weightsAt);
  });

  const upright = rows.map(({ settings }) => ({ settings, turns: [0] }));
  for (const [place, angle] of views.angles.entries()) {
    signal?.throwIfAborted();
    const atAngle = await predictTurned(orbitOfImage(model, rotateSquare(square, size, angle)), upright);
    atAngle.forEach(([prediction], row) => {
      const { probabilitiesAt, turnCount } = rows[row]!;
      probabilities.set(prediction!.probabilities, probabilitiesAt + (turnCount + place) * classCount);
    });
  }

  if (!checked) return { probabilities, weights, check: null };
  const check = new Float64Array(2 * rows.length);
  for (const name of new Set(rows.map(({ settings }) => settings.group))) {
    signal?.throwIfAborted();
    if (groups[name].order > 1) await checkGroup(name);
  }
  return { probabilities, weights, check };

  /** Turns the pixels by a random element and compares with what the permuted orbit gave. */
  async function checkGroup(name: GroupName): Promise<void> {
    const group = groups[name];
    const element = checkedTurn(group, views, sha256);
    const places = rows.flatMap(({ settings }, place) => (settings.group === name ? [place] : []));
    const ask = (of: typeof orbit, turn: number) =>
      predictTurned(
        of,
        places.map((place) => ({ settings: rows[place]!.settings, turns: [turn] })),
      );
    const computed = await ask(orbit, element);
    const pixels = turnSquare(square, size, group.elements[element]!);
    const found = await ask(orbitOfImage(model, pixels), 0);
    places.forEach((place, index) => {
      check.set(differenceOf(found[index]![0]!, computed[index]![0]!), 2 * place);
    });
  }
}

/** Largest difference of a probability, and 1 if the answers differ. */
function differenceOf(found: TurnedPrediction, computed: TurnedPrediction): [number, number] {
  const difference = Math.max(
    ...found.probabilities.map((value, index) => Math.abs(value - computed.probabilities[index]!)),
  );
  const answer = ({ probabilities }: TurnedPrediction) =>
    decide(Float64Array.from(probabilities), probabilities.length)[0];
  return [difference, answer(found) === answer(computed) ? 0 : 1];
}

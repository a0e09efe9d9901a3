// How long a training will take, by the rounds of an earlier one that does the same work for each image. Pure.
import type { Recipe } from '../contract/jobs.ts';
import type { RoundFigures } from '../contract/training.ts';

/** What an image's share of a step depends on, as text. */
function workOf(recipe: Recipe): string {
  switch (recipe.kind) {
    case 'prefinetune': {
      const { method, level, group, inverse, head } = recipe.config;
      return JSON.stringify([recipe.kind, recipe.model, method, level, group, inverse, head]);
    }
    case 'finetune': {
      const { method, group, inverse, head, network, batchNorm } = recipe.config;
      return JSON.stringify([recipe.kind, recipe.model, method, group, inverse, head, network, batchNorm]);
    }
    case 'scratch':
      return JSON.stringify([recipe.kind, recipe.config.architecture]);
  }
}

/** Rounds at several sizes have several paces. */
const changesSize = (recipe: Recipe) =>
  recipe.kind !== 'prefinetune' && recipe.config.smallerFirst.length > 0;

/**
 * Seconds of all rounds, validation included; null if the earlier run did other work.
 * @param images to learn from
 */
export function roundsTime(
  recipe: Recipe,
  images: number,
  before: Recipe,
  history: readonly RoundFigures[],
): number | null {
  if (workOf(recipe) !== workOf(before) || changesSize(recipe) || changesSize(before)) return null;
  const paces = history.slice(1).map(({ seconds, steps }, index) => {
    const drawn = (steps - (history[index]?.steps ?? 0)) * before.config.batch;
    return seconds / drawn;
  });
  const pace = paces.sort((a, b) => a - b)[Math.floor(paces.length / 2)];
  if (pace === undefined || !Number.isFinite(pace)) return null;
  const { rounds, iterations, batch } = recipe.config;
  const steps = iterations ?? Math.max(1, Math.floor(images / batch));
  return pace * steps * batch * rounds;
}

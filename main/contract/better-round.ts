// Which of two rounds of a training is the better one: the rule by which a run keeps its weights, and by which the page
// marks the round. Depends on the other files of the contract.
import type { RoundFigures } from './training.ts';

type Figures = Pick<RoundFigures, 'balancedAccuracy' | 'validationLoss'>;

/** Better balanced accuracy, or the same with a smaller validation loss. */
export function isBetter(round: Figures, than: Figures): boolean {
  const gain = round.balancedAccuracy - than.balancedAccuracy;
  return gain > 0 || (gain === 0 && round.validationLoss < than.validationLoss);
}

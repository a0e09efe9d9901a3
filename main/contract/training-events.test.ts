import { expect, it } from 'vitest';
import { trainingEventSchema } from './training-events.ts';

const step = {
  kind: 'step',
  round: 1,
  step: 1,
  steps: 10,
  loss: 0.5,
  balancedAccuracy: null,
  secondsLeft: 3,
};

it('takes an event of its kind, and nothing that only bears the name of one', () => {
  expect(trainingEventSchema.safeParse(step).success).toBe(true);
  const damaged: unknown[] = [{ kind: 'step' }, { ...step, loss: Number.NaN }, { ...step, kind: 'other' }];
  for (const event of damaged) expect(trainingEventSchema.safeParse(event).success).toBe(false);
});

import { expect, it } from 'vitest';
import { errorTexts } from '../contract/error-texts/table.ts';
import { DermOrbitError, nextStep } from '../contract/errors.ts';
import { describeError, jsonText } from './output.ts';

const error = new DermOrbitError('PROVIDER_UNAVAILABLE', 'No CUDA here.');

it('tells a person at the terminal what to do there', () => {
  expect(describeError(error)).toContain(errorTexts.PROVIDER_UNAVAILABLE.action.cli);
});

it('prints errors with the next step as JSON, wherever they stand', () => {
  const printed: unknown = JSON.parse(jsonText([{ error: null }, { deep: [{ error: error.toRecord() }] }]));
  expect(printed).toEqual([
    { error: null },
    { deep: [{ error: { ...error.toRecord(), action: nextStep(error, 'cli') } }] },
  ]);
});

import { expect, it } from 'vitest';
import { asDermOrbitError } from './errors.ts';

it.each([
  'std::bad_alloc',
  'Non-zero status code returned while running Expand node. Failed to allocate memory for requested buffer of size 3200000000',
  'Array buffer allocation failed',
])('memory that is used up is called so: %s', (message) => {
  expect(asDermOrbitError(new RangeError(message), 'INFERENCE_FAILED').code).toBe('OUT_OF_MEMORY');
  expect(asDermOrbitError(new Error('another'), 'INFERENCE_FAILED').code).toBe('INFERENCE_FAILED');
});

// What is said of an option's value that cannot be: which option, and what it takes.
import { expect, it } from 'vitest';
import { prefinetuneDefaults, scratchDefaults } from '../contract/training-defaults.ts';
import { checkedConfig } from './train-options.ts';

const { architecture, augmentation } = scratchDefaults;

it.each([
  [{ seed: 1.5 }, '--seed takes a whole number.'],
  [{ patience: 0 }, '--patience takes a number from 1.'],
  [{ clip: -1 }, '--clip takes a number above 0.'],
  [{ weightDecay: NaN }, '--weight-decay takes a number.'],
  [{ dropout: 1 }, '--dropout takes a number up to 0.95.'],
])('a pre-finetuning with %j', (changes, message) => {
  const fields = { ...prefinetuneDefaults, ...changes };
  expect(() => checkedConfig('prefinetune', fields)).toThrow(message);
});

it.each([
  [{ architecture: { ...architecture, layers: [2, 2] } }, '--layers takes 4 numbers.'],
  [{ architecture: { ...architecture, size: 100 } }, '--size takes a multiple of 32.'],
  [{ augmentation: { ...augmentation, hue: 999 } }, '--hue takes a number up to 180.'],
  [
    { augmentation: { ...augmentation, crop: [0.9, 0.5] } },
    '--crop is not understood: the first is the smaller one.',
  ],
])('a training from scratch with %j', (changes, message) => {
  const fields = { ...scratchDefaults, ...changes };
  expect(() => checkedConfig('scratch', fields)).toThrow(message);
});

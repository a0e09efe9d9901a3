// What is decided for a training where nobody says otherwise.
import { expect, it } from 'vitest';
import { configSchemas } from '../contract/training.ts';
import { trainingDefaults } from '../contract/training-defaults.ts';
import { trainKinds } from '../contract/training-fields.ts';
import { decideConfig } from './training-settings.ts';

it.each(trainKinds)('%s has its defaults where nothing is chosen', (kind) => {
  expect(configSchemas[kind].parse(decideConfig(kind, {}))).toEqual(trainingDefaults[kind]);
});

it.each([
  [{ method: 'attention' }, 0.01],
  [{ optimizer: 'adamw' }, 1e-3],
  [{ optimizer: 'adamw', learningRate: 0.5 }, 0.5],
])('with %j a weight network learns at the rate %d', (chosen, learningRate) => {
  expect(decideConfig('prefinetune', chosen)).toMatchObject({ learningRate });
});

it.each([
  [
    { method: 'lambda', level: 'embedding', inverse: 'on' },
    { inverse: 'off', head: 'plain' },
  ],
  [{ method: 'vanilla' }, { inverse: 'off', head: 'plain' }],
  [
    { method: 'lambda', inverse: 'off' },
    { inverse: 'off', head: 'plain' },
  ],
  [
    { method: 'lambda', head: 'plain' },
    { inverse: 'on', head: 'plain' },
  ],
])('with %j the combination is %j', (chosen, combination) => {
  expect(decideConfig('finetune', chosen)).toMatchObject(combination);
});

it('takes what is chosen inside records', () => {
  expect(decideConfig('scratch', { 'augmentation.hue': 3, 'architecture.size': 64 })).toMatchObject({
    augmentation: { ...trainingDefaults.scratch.augmentation, hue: 3 },
    architecture: { ...trainingDefaults.scratch.architecture, size: 64 },
  });
});

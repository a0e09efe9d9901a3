// What a training is told where nobody says otherwise: the defaults of the table of fields. Depends on the other files of the
// contract.
import { fieldsOf, withValue, type ConfigOf } from './training-config.ts';
import type { Fields, TrainKind } from './training-fields.ts';

/** The share of the training images that validates where no validation images are given. */
export const defaultValidationShare = 0.1;

function defaultsOf<Kind extends TrainKind>(kind: Kind): ConfigOf<Kind> {
  const fields = fieldsOf(kind);
  return fields.reduce<Fields>(
    (config, { path, defaults }) => withValue(config, path, defaults[kind]),
    {},
  ) as ConfigOf<Kind>;
}

export const prefinetuneDefaults = defaultsOf('prefinetune');
export const finetuneDefaults = defaultsOf('finetune');
export const scratchDefaults = defaultsOf('scratch');

/** By kind. */
export const trainingDefaults: { readonly [Kind in TrainKind]: ConfigOf<Kind> } = {
  prefinetune: prefinetuneDefaults,
  finetune: finetuneDefaults,
  scratch: scratchDefaults,
};

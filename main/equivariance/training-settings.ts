// From what a person chose for a training to its configuration: every field decided. Command line and page ask the same
// function. Pure.
import { fieldsOf, withValue } from '../contract/training-config.ts';
import type { Fields, TrainKind } from '../contract/training-fields.ts';
import { combinerSchema, type SettingsChoice } from '../contract/settings.ts';
import { decideSettings } from './settings.ts';

/**
 * Decides every field: as chosen; else as the method and the level ask for it (inverse and head have no effect where no
 * feature map is combined); else the default, which may follow other fields (the learning rate method and optimizer).
 * @param chosen by the paths of the fields; its values are checked by the kind's schema afterwards, not here
 */
export function decideConfig(kind: TrainKind, chosen: Fields): Fields {
  const fields = fieldsOf(kind);
  const plain = fields.reduce<Fields>(
    (config, { path, defaults }) => withValue(config, path, path in chosen ? chosen[path] : defaults[kind]),
    {},
  );
  const decided = kind === 'scratch' ? plain : { ...plain, ...settingsOf(plain, chosen) };
  return fields.reduce<Fields>((config, { path, follows }) => {
    const rule = follows?.[kind];
    return rule === undefined || path in chosen ? config : withValue(config, path, rule.value(decided));
  }, decided);
}

/** How orientations are combined. A network that the model lacks may be made, so none is missing here. */
function settingsOf({ method, group }: Fields, { level, inverse, head }: Fields): Fields {
  const choice = { method, group, level, inverse, head } as SettingsChoice;
  const { method: decided, ...rest } = decideSettings(choice, combinerSchema.options);
  // Of canonical's scorers only that of feature maps learns from answers; it needs no field.
  delete rest.scorer;
  delete rest.score;
  return { method: decided, ...rest };
}

// The fields of a training as the form shows them: by topic, only those that have an effect, with names for their values.
// The fields themselves: main/contract/training-fields.ts. Pure.
import { valueText } from '../../../main/contract/controls.ts';
import { fieldsOf } from '../../../main/contract/training-config.ts';
import {
  fieldTopics,
  type Fields,
  type FieldTopic,
  type TrainingField,
  type TrainKind,
} from '../../../main/contract/training-fields.ts';
import { groupTerms, headTerms, inverseTerms, levelTerms, methodTerms } from '../../../main/words/words.ts';

/** The fields of a topic that have an effect, in order. The method is chosen beside the starting model. */
export function shownFields(kind: TrainKind, topic: FieldTopic, config: Fields): TrainingField[] {
  return fieldsOf(kind).filter(
    (field) => field.topic === topic && field.path !== 'method' && (field.when?.(config) ?? true),
  );
}

/** The topics behind "More settings", with what they are called. */
export const furtherTopics = (Object.keys(fieldTopics) as FieldTopic[])
  .filter((topic) => topic !== 'first')
  .map((topic) => ({ topic, title: fieldTopics[topic] }));

interface Option {
  readonly value: string;
  readonly name: string;
  readonly explanation?: string;
}

const terms: Readonly<Record<string, Readonly<Record<string, Omit<Option, 'value'> | undefined>>>> = {
  method: methodTerms,
  group: groupTerms,
  level: levelTerms,
  inverse: inverseTerms,
  head: headTerms,
};

/** The values that a field can be given, with their names; none where any number will do. */
export function optionsOf({ path, control }: TrainingField): Option[] {
  if (control.type === 'choice') {
    return Object.entries(control.options).map(([value, name]) => ({ value, name }));
  }
  if (control.type !== 'term') return [];
  return control.values.map((value) => ({ value, name: value, ...terms[path]?.[value] }));
}

/** A field's value in words: the name of a choice, and else as the command line takes it. */
export function valueWords(field: TrainingField, value: unknown): string {
  const option = optionsOf(field).find((one) => one.value === value);
  return option?.name ?? valueText(field.control, value);
}

/** What is wrong with a field, if it or a part of it is among the issues. */
export function issueOf(issues: Readonly<Record<string, string>>, path: string): string | undefined {
  const found = Object.keys(issues).find((one) => one === path || one.startsWith(`${path}.`));
  return found === undefined ? undefined : issues[found];
}

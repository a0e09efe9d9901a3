// From the table of fields to configurations: their types, and how fields are found and changed in them. Pure.
import type { ValueOf } from './controls.ts';
import { trainingFields, type Fields, type TrainingField, type TrainKind } from './training-fields.ts';

type AnyRow = (typeof trainingFields)[number];
type RowOf<Kind extends TrainKind, Row extends AnyRow = AnyRow> = Row extends {
  readonly defaults: Readonly<Record<Kind, unknown>>;
}
  ? Row
  : never;
type Head<Path extends string> = Path extends `${infer First}.${string}` ? First : Path;
type ValueAt<Row extends AnyRow, Path extends string> = ValueOf<
  Extract<Row, { readonly path: Path }>['control']
>;
type Inner<Row extends AnyRow, Name extends string> = Row['path'] extends infer Path
  ? Path extends `${Name}.${infer Rest}`
    ? Rest
    : never
  : never;

/** A configuration of one kind, with every field decided. */
export type ConfigOf<Kind extends TrainKind> = {
  [Name in Head<RowOf<Kind>['path']>]: [Inner<RowOf<Kind>, Name>] extends [never]
    ? ValueAt<RowOf<Kind>, Name>
    : { [Part in Inner<RowOf<Kind>, Name>]: ValueAt<RowOf<Kind>, `${Name}.${Part}`> };
};

/** The rows of all kinds, in order, by what all rows have in common. */
export const everyField = trainingFields as readonly TrainingField[];

/** The rows of a kind, in order. */
export function fieldsOf(kind: TrainKind): TrainingField[] {
  return everyField.filter(({ defaults }) => kind in defaults);
}

/** The row that a path in a configuration belongs to: `augmentation.crop.0` to that of `augmentation.crop`. */
export function fieldAt(kind: TrainKind, path: string): TrainingField | undefined {
  return fieldsOf(kind).find((one) => path === one.path || path.startsWith(`${one.path}.`));
}

/** The rows that may change when a run goes on; every kind has them. */
export function changeableFields(): TrainingField[] {
  return fieldsOf('prefinetune').filter(({ changeable }) => changeable === true);
}

/** Its name with its unit, as labels say it. */
export const labelOf = ({ name, unit }: Pick<TrainingField, 'name' | 'unit'>): string =>
  unit === undefined ? name : `${name} (${unit})`;

const isRecord = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

export function valueAt(config: unknown, path: string): unknown {
  return path.split('.').reduce((value, key) => (isRecord(value) ? value[key] : undefined), config);
}

/** The configuration with another value at a path; records on the way are made where they are missing. */
export function withValue(config: Fields, path: string, value: unknown): Fields {
  const [key = '', ...rest] = path.split('.');
  const inner = config[key];
  const changed = rest.length === 0 ? value : withValue(isRecord(inner) ? inner : {}, rest.join('.'), value);
  if (Array.isArray(config)) {
    return Object.assign([...(config as unknown[])], { [key]: changed });
  }
  return { ...config, [key]: changed };
}

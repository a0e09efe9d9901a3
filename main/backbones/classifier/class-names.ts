// Names of a classifier's classes: what a person says, what lies beside the file, what the file itself says; and the
// table that says which of them are the seven diagnoses.
import { z } from 'zod';
import { DermOrbitError } from '../../contract/errors.ts';
import { isicClasses } from '../../contract/settings.ts';
import { manifestSchema } from '../../contract/manifest.ts';

export interface NameSources {
  /** As a person gave them. */
  readonly given: readonly string[] | undefined;
  /** `NAME=CODE,...`, by name or by place, from 0. */
  readonly map: string | undefined;
  /** Text of a labels file beside the model; null where there is none. */
  readonly labels: string | null;
  /** config.json beside the model. */
  readonly config: unknown;
  readonly metadata: ReadonlyMap<string, string>;
  /** Of a table that the graph ends in. */
  readonly graph: readonly string[] | undefined;
}

export interface NamedClasses {
  readonly classes: string[];
  /** Where the names are from, if nobody gave them; a sentence. */
  readonly assumed: string | null;
}

/** Keys under which exporters and training programs keep the names. */
const keys = [
  'classes',
  'class_names',
  'names',
  'labels',
  'id2label',
  'class_labels',
  'categories',
  'idx_to_class',
];

const byNumber = z.record(z.string().regex(/^\d+$/), z.string());
const byName = z.record(z.string(), z.int().nonnegative());
const configSchema = z.looseObject({ id2label: byNumber });

/**
 * @param count K
 * @throws DermOrbitError CLASSES_INVALID (another number of names, or twice the same), CLASSES_NEEDED, OPTION_INVALID (map)
 */
export function namedClasses(sources: NameSources, count: number): NamedClasses {
  const found = namesFor(sources, count);
  const names = withMap(found.names, sources.map);
  const parsed = manifestSchema.shape.classes.safeParse(names);
  if (!parsed.success)
    throw new DermOrbitError('CLASSES_INVALID', `${parsed.error.issues[0]?.message ?? names.join(', ')}.`);
  return { classes: parsed.data, assumed: found.assumed };
}

function namesFor({ given, map, labels, config, metadata, graph }: NameSources, count: number) {
  if (given) {
    const names = given.map((name) => name.trim());
    if (names.length === count) return { names, assumed: null };
    throw new DermOrbitError(
      'CLASSES_INVALID',
      `This model has ${count} classes, and here are ${names.length} names.`,
    );
  }
  const beside = configSchema.safeParse(config);
  const places: readonly (readonly [string, readonly string[] | null | undefined])[] = [
    ['the labels beside the model', labels === null ? null : namesIn(labels)],
    ['the configuration beside the model', beside.success ? inOrder(beside.data.id2label) : null],
    ['the metadata of the model', inMetadata(metadata)],
    ['the graph of the model', graph],
  ];
  for (const [place, names] of places) {
    if (names?.length === count)
      return { names: [...names], assumed: `The names of the classes are those of ${place}.` };
  }
  if (map !== undefined) {
    const names = Array.from({ length: count }, (_, index) => String(index));
    return { names, assumed: 'Classes that the table does not name are called by their place, from 0.' };
  }
  if (count === isicClasses.length) {
    return {
      names: [...isicClasses],
      assumed: `The classes are taken to be ${isicClasses.join(', ')} in this order: no file names them. Check it before you use an answer.`,
    };
  }
  throw new DermOrbitError(
    'CLASSES_NEEDED',
    `This model has ${count} classes and the file does not name them. Give a list of ${count} names, or say which outputs are the classes you want.`,
  );
}

/** Names as JSON, as Python's dict or list, or as text, one a line or between commas. */
export function namesIn(text: string): string[] | null {
  const trimmed = text.trim();
  if (trimmed.startsWith('{') || trimmed.startsWith('[')) return fromJson(parsed(trimmed));
  const lines = trimmed
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const parts = lines.length > 1 ? lines : trimmed.split(',');
  // "0 melanoma", "0: melanoma": the place is not part of the name.
  const numbered = parts.every((part, index) => new RegExp(`^\\s*${index}\\s*[:\\s,;\\t]\\s*\\S`).test(part));
  const names = parts.map((part) => (numbered ? part.replace(/^\s*\d+\s*[:\s,;\t]\s*/, '') : part).trim());
  return names.length > 1 && names.every((name) => name !== '') ? names : null;
}

/** JSON; else Python's own writing, which is the same but for its quotes and for keys that are numbers. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const asJson = text
      .replace(/'((?:[^'\\]|\\.)*)'/g, (_, inner: string) => JSON.stringify(inner.replaceAll("\\'", "'")))
      .replace(/([{,]\s*)(\d+)\s*:/g, '$1"$2":')
      .replace(/,\s*([}\]])/g, '$1');
    try {
      return JSON.parse(asJson);
    } catch {
      return null;
    }
  }
}

function fromJson(value: unknown): string[] | null {
  const list = z.array(z.string()).safeParse(value);
  if (list.success) return list.data;
  const numbered = byNumber.safeParse(value);
  if (numbered.success) return inOrder(numbered.data);
  const named = byName.safeParse(value);
  if (named.success)
    return inOrder(Object.fromEntries(Object.entries(named.data).map(([name, place]) => [place, name])));
  const nested = z.looseObject({}).safeParse(value);
  if (!nested.success) return null;
  for (const key of keys) if (key in nested.data) return fromJson(nested.data[key]);
  return null;
}

/** Names by their places, from 0; null if a place is missing. */
function inOrder(names: Readonly<Record<string, string>>): string[] | null {
  const list = Array.from({ length: Object.keys(names).length }, (_, place) => names[String(place)]);
  return list.every((name) => name !== undefined) ? list : null;
}

function inMetadata(metadata: ReadonlyMap<string, string>): string[] | null {
  for (const key of keys) {
    const text = [...metadata].find(([name]) => name.toLowerCase() === key)?.[1];
    const names = text === undefined ? null : namesIn(text);
    if (names) return names;
  }
  return null;
}

/** @throws DermOrbitError OPTION_INVALID */
function withMap(names: readonly string[], map: string | undefined): string[] {
  if (map === undefined) return [...names];
  const renamed = [...names];
  for (const entry of map.split(',')) {
    const [from, to, more] = entry.split('=').map((part) => part.trim());
    if (!from || !to || more !== undefined) {
      throw new DermOrbitError('OPTION_INVALID', `"${entry}" in the table of classes is not NAME=CODE.`);
    }
    const exact = names.indexOf(from);
    const loose = names.findIndex((name) => name.toLowerCase() === from.toLowerCase());
    const place = exact >= 0 ? exact : loose >= 0 ? loose : /^\d+$/.test(from) ? Number(from) : -1;
    if (place < 0 || place >= names.length) {
      throw new DermOrbitError(
        'OPTION_INVALID',
        `This model has no class "${from}"; it has ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', ...' : ''}.`,
      );
    }
    renamed[place] = to;
  }
  return renamed;
}

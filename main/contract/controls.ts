// How the fields of a form are entered, as data: what a control takes is at once its type, its schema and its words. The
// page draws controls, the command line reads them from text, documentation lists them. Pure.
import { z } from 'zod';

/** A number within bounds. */
export interface NumberControl {
  readonly type: 'number';
  /** Smallest value; `above`: the bound itself is none. */
  readonly from?: number;
  readonly above?: number;
  /** Largest value. */
  readonly to?: number;
  readonly whole?: boolean;
  readonly multipleOf?: number;
  /** What "no number" means, in words. Where it is given, the value may be null; the command line says 0. */
  readonly none?: string;
}

export type Control =
  | NumberControl
  /** One of a few words; the texts are what a person reads. */
  | { readonly type: 'choice'; readonly options: Readonly<Record<string, string>> }
  /** One of the terms of contract/settings.ts: the page has names and explanations for them. */
  | { readonly type: 'term'; readonly values: readonly string[] }
  | { readonly type: 'switch' }
  /** As many numbers as there are names, such as a range. */
  | {
      readonly type: 'numbers';
      readonly each: Omit<NumberControl, 'none'>;
      readonly parts: readonly string[];
      readonly rising?: boolean;
    }
  /** Input sizes and for how many rounds each: `64:12, 96:10`. */
  | {
      readonly type: 'stages';
      readonly size: Omit<NumberControl, 'none'>;
      readonly rounds: Omit<NumberControl, 'none'>;
    };

/** Rounds at one input size, in pixels. */
export interface SizedRounds {
  size: number;
  rounds: number;
}

/** What a control gives. */
export type ValueOf<C extends Control> = C extends NumberControl
  ? C extends { readonly none: string }
    ? number | null
    : number
  : C extends { readonly type: 'choice'; readonly options: infer Options }
    ? keyof Options & string
    : C extends { readonly type: 'term'; readonly values: readonly (infer Value)[] }
      ? Value
      : C extends { readonly type: 'switch' }
        ? boolean
        : C extends { readonly type: 'numbers'; readonly parts: infer Parts }
          ? { -readonly [Part in keyof Parts]: number }
          : SizedRounds[];

/** The schema of a control's values. */
export function schemaOf(control: Control): z.ZodType {
  switch (control.type) {
    case 'number':
      return control.none === undefined ? numberSchema(control) : numberSchema(control).nullable();
    case 'choice':
      return z.enum(Object.keys(control.options));
    case 'term':
      return z.enum(control.values);
    case 'switch':
      return z.boolean();
    case 'numbers': {
      const numbers = z.array(numberSchema(control.each)).length(control.parts.length);
      if (control.rising !== true) return numbers;
      return numbers.refine(isRising, 'the first is the smaller one');
    }
    case 'stages':
      return z.array(
        z.strictObject({ size: numberSchema(control.size), rounds: numberSchema(control.rounds) }),
      );
  }
}

function numberSchema({ from, above, to, whole, multipleOf }: NumberControl): z.ZodNumber {
  let schema: z.ZodNumber = whole === true ? z.int() : z.number();
  if (from !== undefined) schema = schema.min(from);
  if (above !== undefined) schema = schema.gt(above);
  if (to !== undefined) schema = schema.max(to);
  return multipleOf === undefined ? schema : schema.multipleOf(multipleOf);
}

const isRising = (numbers: readonly number[]) =>
  numbers.every((number, place) => place === 0 || numbers[place - 1]! <= number);

/** A value as the command line takes it and people read it: `0.85-1.05`, `64:12, 96:10`, `on`; numbers as they are. */
export function valueText(control: Control, value: unknown): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) {
    return control.type === 'number' ? (control.none ?? 'none') : 'none';
  }
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (control.type === 'stages') {
    return (value as readonly SizedRounds[]).map(({ size, rounds }) => `${size}:${rounds}`).join(', ');
  }
  if (Array.isArray(value)) return value.join('-');
  return typeof value === 'number' || typeof value === 'string' ? String(value) : '';
}

/** `64:12, 96:10` as sizes and rounds; what is not understood is NaN, which no schema takes. */
export function parseStages(text: string): SizedRounds[] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const [size = Number.NaN, rounds = Number.NaN, ...rest] = part.split(':').map(Number);
      return rest.length === 0 ? { size, rounds } : { size: Number.NaN, rounds: Number.NaN };
    });
}

/** The values that a control takes, in words: `0 to 1`, `above 0`, `1 to 4096, whole`, `sgd, adamw`. */
export function rangeText(control: Control): string {
  switch (control.type) {
    case 'number':
      return numberRange(control);
    case 'choice':
      return Object.keys(control.options).join(', ');
    case 'term':
      return control.values.join(', ');
    case 'switch':
      return 'on, off';
    case 'numbers':
      return `${control.parts.length} numbers, each ${numberRange(control.each)}`;
    case 'stages':
      return `pairs SIZE:ROUNDS; sizes ${numberRange(control.size)}`;
  }
}

function numberRange({ from, above, to, whole, multipleOf, none }: NumberControl): string {
  const low = above === undefined ? (from === undefined ? null : String(from)) : `above ${above}`;
  const bounds =
    to === undefined ? (above === undefined && low !== null ? `from ${low}` : low) : `${low ?? ''} to ${to}`;
  return [
    bounds ?? 'any number',
    multipleOf === undefined ? (whole === true ? 'whole' : null) : `a multiple of ${multipleOf}`,
    none === undefined ? null : `0: ${none}`,
  ]
    .filter((part) => part !== null)
    .join(', ');
}

// What the numbers of a classifier's pictures are: what a person says, what a file beside the model says, what the graph
// does to them first, and else what most networks are trained on.
import { z } from 'zod';
import { presets, type Normalisation, type Preset } from '../../contract/pictures.ts';
import type { GraphReader } from './find-head.ts';
import type { PictureInput } from './picture-input.ts';

export interface PictureChoice {
  readonly preset?: Preset | undefined;
  readonly mean?: readonly [number, number, number] | undefined;
  readonly std?: readonly [number, number, number] | undefined;
}

const triple = z.tuple([z.number(), z.number(), z.number()]);
const preprocessorSchema = z.looseObject({ image_mean: triple, image_std: triple });
const sizeSchema = z.looseObject({
  crop_size: z.union([z.int(), z.looseObject({ height: z.int() })]).optional(),
  size: z
    .union([z.int(), z.looseObject({ height: z.int() }), z.looseObject({ shortest_edge: z.int() })])
    .optional(),
});

/** @returns and, where nobody said it, a sentence about what was assumed */
export function normalisationOf(
  choice: PictureChoice,
  preprocessor: unknown,
  input: PictureInput,
  reader: GraphReader,
): Normalisation & { readonly assumed: string | null } {
  const base = choice.preset && presets[choice.preset];
  if (base ?? choice.mean ?? choice.std) {
    return {
      mean: choice.mean ?? base?.mean ?? presets.unit.mean,
      std: choice.std ?? base?.std ?? presets.unit.std,
      assumed: null,
    };
  }
  if (input.type === 'uint8') return { ...presets.none, assumed: null };
  const said = preprocessorSchema.safeParse(preprocessor);
  if (said.success) return { mean: said.data.image_mean, std: said.data.image_std, assumed: null };
  const inside = scalingInside(reader, input.name);
  if (inside === 'none') {
    return {
      ...presets.none,
      assumed: 'Pictures are given as numbers from 0 to 255: the network scales them itself.',
    };
  }
  if (inside === 'unit') {
    return {
      ...presets.unit,
      assumed: 'Pictures are given as numbers from 0 to 1: the network normalises them itself.',
    };
  }
  return {
    ...presets.imagenet,
    assumed: `Pictures are normalised as for ImageNet (mean ${presets.imagenet.mean.join(', ')}; standard deviation ${presets.imagenet.std.join(', ')}): no file says it.`,
  };
}

/** The side that files beside the model name; null where they name none. */
export function sizeBeside(preprocessor: unknown): number | null {
  const said = sizeSchema.safeParse(preprocessor);
  if (!said.success) return null;
  for (const value of [said.data.crop_size, said.data.size]) {
    const size =
      typeof value === 'number' ? value : value && ('height' in value ? value.height : value.shortest_edge);
    if (typeof size === 'number' && size > 0) return size;
  }
  return null;
}

const layoutOperators: ReadonlySet<string> = new Set(['Transpose', 'Cast', 'Identity', 'Reshape']);

/** What a network does to its pictures before anything else: whether it expects 0 to 255, or 0 to 1. */
function scalingInside(reader: GraphReader, input: string): Preset | null {
  let value = input;
  for (;;) {
    const users = reader.graph.nodes.filter(({ inputs }) => inputs.includes(value));
    const [node] = users;
    if (users.length !== 1 || !node) return null;
    if (layoutOperators.has(node.op)) {
      value = node.outputs[0]!;
      continue;
    }
    const other = node.inputs.find((name) => name !== value);
    const numbers = other === undefined ? null : reader.numbers(other);
    if (!numbers || node.inputs.length !== 2 || numbers.data.length > 3) return null;
    return scalings[node.op]?.(Math.max(...numbers.data.map(Math.abs))) ?? null;
  }
}

const scalings: Readonly<Record<string, (largest: number) => Preset | null>> = {
  Div: (largest) => (largest > 50 ? 'none' : null),
  Mul: (largest) => (largest < 0.02 ? 'none' : null),
  Sub: (largest) => (largest > 50 ? 'none' : largest > 0.2 && largest < 0.8 ? 'unit' : null),
  Add: (largest) => (largest > 50 ? 'none' : null),
};

// Name and shape of every tensor that a vision transformer is built from, under OpenAI's names. The widths of the
// perceptrons are the file's own: models differ in them.
import type { Weights } from '../weights.ts';
import type { VitShape } from './vit.ts';

type Shapes = Map<string, readonly number[]>;

function add(shapes: Shapes, name: string, output: number, input: number | null): void {
  shapes.set(`${name}.weight`, input === null ? [output] : [output, input]);
  shapes.set(`${name}.bias`, [output]);
}

function addBlock(shapes: Shapes, name: string, width: number, hidden: number): void {
  add(shapes, `${name}.ln_1`, width, null);
  shapes.set(`${name}.attn.in_proj_weight`, [3 * width, width]);
  shapes.set(`${name}.attn.in_proj_bias`, [3 * width]);
  add(shapes, `${name}.attn.out_proj`, width, width);
  add(shapes, `${name}.ln_2`, width, null);
  add(shapes, `${name}.mlp.c_fc`, hidden, width);
  add(shapes, `${name}.mlp.c_proj`, width, hidden);
}

const hiddenOf = (weights: Weights, name: string) => weights.get(`${name}.mlp.c_fc.weight`)?.dims[0] ?? 0;

/** Image tower and head. */
export function expectedVit(shape: VitShape, weights: Weights): Shapes {
  const { width, patch, grid, layers, embedding, pooling } = shape;
  const shapes: Shapes = new Map([['visual.conv1.weight', [width, 3, patch, patch]]]);
  if (weights.has('visual.conv1.bias')) shapes.set('visual.conv1.bias', [width]);
  const withToken = pooling === 'class-token';
  if (withToken) shapes.set('visual.class_embedding', [width]);
  shapes.set('visual.positional_embedding', [grid * grid + (withToken ? 1 : 0), width]);
  if (weights.has('visual.ln_pre.weight')) add(shapes, 'visual.ln_pre', width, null);
  for (let layer = 0; layer < layers; layer++) {
    const name = `visual.transformer.resblocks.${layer}`;
    addBlock(shapes, name, width, hiddenOf(weights, name));
  }
  add(shapes, 'visual.ln_post', width, null);
  if (withToken) shapes.set('visual.proj', [width, embedding]);
  else {
    shapes.set('visual.pool.probe', [width]);
    shapes.set('visual.pool.attn.in_proj_weight', [3 * width, width]);
    shapes.set('visual.pool.attn.in_proj_bias', [3 * width]);
    add(shapes, 'visual.pool.attn.out_proj', width, width);
    add(shapes, 'visual.pool.ln', width, null);
    const hidden = hiddenOf(weights, 'visual.pool');
    add(shapes, 'visual.pool.mlp.c_fc', hidden, width);
    add(shapes, 'visual.pool.mlp.c_proj', width, hidden);
  }
  return shapes;
}

/** CLIP's text tower. */
export function expectedText(
  text: {
    readonly layers: number;
    readonly width: number;
    readonly contextLength: number;
    readonly vocabularySize: number;
  },
  embedding: number,
): Shapes {
  const { layers, width, contextLength, vocabularySize } = text;
  const shapes: Shapes = new Map([
    ['token_embedding.weight', [vocabularySize, width]],
    ['positional_embedding', [contextLength, width]],
  ]);
  for (let layer = 0; layer < layers; layer++) {
    addBlock(shapes, `transformer.resblocks.${layer}`, width, 4 * width);
  }
  add(shapes, 'ln_final', width, null);
  shapes.set('text_projection', [width, embedding]);
  return shapes;
}

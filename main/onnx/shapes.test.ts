import { describe, expect, it } from 'vitest';
import { buildAttentionPool } from '../backbones/clip-resnet/attention-pool.ts';
import { buildImageTower } from '../backbones/clip-resnet/image-tower.ts';
import { randomClip, visualArchitecture } from '../backbones/clip-resnet/random-weights.ts';
import { readSafetensors, writeSafetensors } from '../backbones/checkpoints/safetensors.ts';
import { GraphBuilder } from './builder.ts';
import { inlineGraph } from './compose.ts';
import { bindDimension, broadcast, product, quotient } from './dimensions.ts';
import { bindDimensions, inferShapes } from './shapes.ts';

const visual = visualArchitecture({ layers: [1, 2, 1, 1], width: 8, resolution: 64, embeddingWidth: 16 });
const architecture = { visual: { ...visual, heads: 4 }, text: null, logitScale: null };
const weights = readSafetensors(writeSafetensors(randomClip(visual, 1)));

describe('dimensions', () => {
  it('multiply and divide with names', () => {
    expect(product([4, 'batch', 2])).toBe('8*batch');
    expect(product(['tokens', 'batch'])).toBe('batch*tokens');
    expect(quotient('8*batch', 4)).toBe('2*batch');
    expect(quotient('8*batch', 'batch')).toBe(8);
    expect(quotient('8*batch', 3)).toBeNull();
    expect(bindDimension('4*batch', { batch: 3 })).toBe(12);
  });

  it('broadcast from the right', () => {
    expect(broadcast(['batch', 1, 3], [5, 1])).toEqual(['batch', 5, 3]);
    expect(() => broadcast([2], [3])).toThrow('do not broadcast');
  });
});

describe('inferShapes', () => {
  it('agrees with the shapes that the towers declare', () => {
    for (const model of [buildImageTower(weights, architecture), buildAttentionPool(weights, architecture)]) {
      const shapes = inferShapes(model.graph);
      for (const { name, type, dims } of model.graph.outputs) {
        // What is spread over all classes alike is declared with the batch that it broadcasts to.
        if (name === 'evidence_constant') continue;
        expect(shapes.get(name), name).toEqual({ type, dims });
      }
    }
  });

  it('agrees with a batch of known size', () => {
    const bound = bindDimensions(buildImageTower(weights, architecture), { batch: 5 });
    expect(inferShapes(bound.graph).get('features').dims).toEqual([5, 256, 2, 2]);
  });

  it.each<[string, (graph: GraphBuilder, x: string) => string, string]>([
    [
      'an op without a rule',
      (graph, x) => graph.op('MatMulInteger', [x], {}, 'there'),
      'MatMulInteger there: no shape rule',
    ],
    [
      'operands that do not fit',
      (graph, x) => graph.op('MatMul', [x, x], {}, 'there'),
      'MatMul there: [2, 3]',
    ],
    [
      'a bad reshape',
      (graph, x) => graph.reshape(x, [4, -1], 'there'),
      'Reshape there: [2, 3] cannot become [4, -1]',
    ],
  ])('names the node of %s', (_, build, message) => {
    const graph = new GraphBuilder('bad');
    build(graph, graph.input('x', 'float32', [2, 3]));
    expect(() => inferShapes(graph.build().graph)).toThrow(message);
  });
});

describe('inlineGraph', () => {
  it('keeps the names of weights and joins shapes', () => {
    const graph = new GraphBuilder('joined');
    const image = graph.input('image', 'float32', ['batch', 3, 64, 64]);
    const { features } = inlineGraph(graph, buildImageTower(weights, architecture).graph, { image });
    const pool = buildAttentionPool(weights, architecture).graph;
    const T = graph.input('T', 'float32', [16, 7]);
    const { embedding } = inlineGraph(graph, pool, { features: features!, class_embeddings: T }, 'pool/');
    const shapes = inferShapes(graph.build().graph);
    expect(shapes.get(embedding!).dims).toEqual(['batch', 16]);
    expect(shapes.get('visual.conv1.weight').dims).toEqual([4, 3, 3, 3]);
    expect(shapes.get('pool/visual.attnpool.c_proj.weight').dims).toEqual([16, 256]);
  });

  it('wants every input', () => {
    const graph = new GraphBuilder('joined');
    const { graph: tower } = buildImageTower(weights, architecture);
    expect(() => inlineGraph(graph, tower, {})).toThrow('its input image is not fed');
  });
});

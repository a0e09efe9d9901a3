// The pool in halves against the whole pool on maps that are really turned.
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../contract/tensor.ts';
import { actOnGrid, gridPermutation } from '../../groups/action.ts';
import { groups } from '../../groups/groups.ts';
import { OnnxModelError } from '../../onnx/codec.ts';
import { pruneToOutputs } from '../../onnx/graph.ts';
import { relativeDistance } from '../../testing/distance.ts';
import { runGraph } from '../../testing/run-graph.ts';
import { buildAttentionPool } from './attention-pool.ts';
import { randomClip, visualArchitecture } from './random-weights.ts';
import { readSafetensors, writeSafetensors } from '../checkpoints/safetensors.ts';
import { splitPool } from './turned-pool.ts';

const visual = visualArchitecture({ layers: [1, 1, 1, 1], width: 4, resolution: 96, embeddingWidth: 16 });
const { featureChannels: channels, featureSize: size } = visual;
const weights = readSafetensors(writeSafetensors(randomClip(visual, 5)));
const pool = buildAttentionPool(weights, { visual, text: null, logitScale: null });
const halves = splitPool(pool);
const length = channels * size ** 2;
const tokens = size ** 2 + 1;

function mapsOf(count: number, seed: number): Tensor {
  const data = Float32Array.from({ length: count * length }, (_, i) => Math.sin(seed + i * i * 0.37) + 0.2);
  return { data, dims: [count, channels, size, size] };
}

async function wholePool(features: Tensor): Promise<Float32Array> {
  const graph = pruneToOutputs(pool.graph, ['embedding']);
  return (await runGraph({ ...pool, graph }, { features })).embedding!.data;
}

const probesOf = async (features: Tensor) => (await runGraph(halves.probe, { features })).probe!;

/** Where each token of a map lies once the map is turned. */
const positions = groups.d4.elements.map((element) => {
  const moved = new Array<number>(tokens).fill(0);
  gridPermutation(element, size).forEach((from, to) => (moved[1 + from] = 1 + to));
  return moved;
});

async function turnedPool(features: Tensor, asked: Tensor): Promise<Float32Array> {
  const table = {
    data: BigInt64Array.from(positions.flat(), BigInt),
    dims: [positions.length, tokens],
  };
  return (await runGraph(halves.turned, { features, asked, positions: table })).embedding!.data;
}

describe('the pool in halves', () => {
  it('says of several maps under every turn what the whole pool says of the turned maps', async () => {
    const maps = mapsOf(3, 1);
    const found = await turnedPool(maps, await probesOf(maps));
    const shown = new Float32Array(3 * 8 * length);
    for (let map = 0; map < 3; map++) {
      groups.d4.elements.forEach((element, turn) => {
        const source = maps.data.subarray(map * length, (map + 1) * length);
        shown.set(actOnGrid(element, source, size), (map * 8 + turn) * length);
      });
    }
    const expected = await wholePool({ data: shown, dims: [24, channels, size, size] });
    expect(found.length).toBe(24 * visual.embeddingWidth);
    for (let row = 0; row < 24; row++) {
      const of = (all: Float32Array) =>
        all.subarray(row * visual.embeddingWidth, (row + 1) * visual.embeddingWidth);
      expect(relativeDistance(of(found), of(expected)), `row ${row}`).toBeLessThan(1e-5);
    }
    // And the turns are told apart: a pool without positions would pass the rest.
    const [first, second] = [found.subarray(0, 16), found.subarray(16, 32)];
    expect(relativeDistance(first, second)).toBeGreaterThan(1e-3);
  });

  it('asks of a combination of turned maps what the combination of their probes asks', async () => {
    const { data } = mapsOf(2, 2);
    const [a, b] = [data.subarray(0, length), data.subarray(length)];
    const turned = actOnGrid(groups.d4.elements[5]!, b, size);
    const combined = a.map((value, i) => 0.3 * value + 0.7 * turned[i]!);
    const expected = (await probesOf({ data: combined, dims: [1, channels, size, size] })).data;
    const probes = (await probesOf({ data, dims: [2, channels, size, size] })).data;
    const other = probes.subarray(probes.length / 2);
    const found = probes.subarray(0, other.length).map((value, i) => 0.3 * value + 0.7 * other[i]!);
    expect(relativeDistance(found, expected)).toBeLessThan(1e-5);
  });

  it('refuses another graph', () => {
    const { graph } = pool;
    const renamed = { ...pool, graph: { ...graph, nodes: graph.nodes.slice(5) } };
    expect(() => splitPool(renamed)).toThrow(OnnxModelError);
    expect(() => splitPool({ ...pool, graph: { ...graph, constants: new Map() } })).toThrow(OnnxModelError);
  });
});

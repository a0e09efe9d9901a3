// Where the recipe starts from: rows that say all they must, and networks of one's own.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toOnnx } from '../../main/backbones/tensorflow/to-onnx.ts';
import { readTflite } from '../../main/backbones/tensorflow/tflite.ts';
import { encodeModel } from '../../main/onnx/codec.ts';
import { smallNet } from '../../main/testing/tensorflow-nets.ts';
import { liteFile, liteParts } from '../../main/testing/tflite-files.ts';
import { startRows, type StartRow } from './start-rows.ts';
import { startNamed } from './starts.ts';

const net = smallNet({
  ...{ size: 32, channels: 3, classes: 2, flatten: false, seed: 1 },
  pieces: [
    {
      ...{ kind: 'conv', height: 3, width: 3, stride: 2, padding: 'same', out: 4 },
      ...{ norm: true, activation: 'relu6' },
    },
  ],
});
const bytes = liteFile(liteParts(net));
const about = { name: 'Tiny', source: 'this test', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dermorbit-starts-'));
  const json = (name: string, value: unknown) => writeFile(join(folder, name), JSON.stringify(value));
  await writeFile(join(folder, 'net.tflite'), bytes);
  await writeFile(
    join(folder, 'net.onnx'),
    encodeModel(toOnnx(readTflite(bytes), { to: 'layer_0', size: 64 })),
  );
  await json('lite.json', { ...about, network: 'net.tflite', to: 'layer_0', unknown: ['who made it'] });
  await json('onnx.json', { ...about, network: 'net.onnx', size: 64, sha256: 'told by the script' });
  await json('classes.json', { ...about, network: 'net.tflite' });
  await json('flat.json', { ...about, network: 'net.tflite', std: [0, 1, 1] });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each(Object.entries<StartRow>(startRows))('%s says where its weights come from', (_, row) => {
  expect(row.source).toContain(row.package.name);
  expect(row.source).toContain(row.package.version);
  for (const hash of Object.values(row.files)) expect(hash).toMatch(/^[0-9a-f]{64}$/);
  for (const list of [row.known, row.inferred, row.unknown]) expect(list.length).toBeGreaterThan(0);
  expect(row.std.every((value) => value > 0)).toBe(true);
});

describe('a network of one’s own', () => {
  it.each(['lite.json', 'onnx.json'])('is read by %s', async (file) => {
    const start = startNamed(join(folder, file))!;
    const { tower, ...network } = await start.read(64);
    expect(network).toEqual({ name: 'Tiny', mean: about.mean, std: about.std });
    expect(tower.graph.outputs).toMatchObject([{ name: 'features', dims: ['batch', 4, 32, 32] }]);
    expect(start.provenance.source).toBe('this test');
  });

  it('has a map as its result and the size that is asked for', async () => {
    await expect(startNamed(join(folder, 'classes.json'))!.read(64)).rejects.toThrow(/no graph from image/);
    await expect(startNamed(join(folder, 'onnx.json'))!.read(96)).rejects.toThrow(/3, 96, 96/);
  });

  it('is refused in words', () => {
    expect(() => startNamed(join(folder, 'flat.json'))).toThrow(/std/);
    expect(() => startNamed(join(folder, 'missing.json'))).toThrow(/missing\.json/);
    expect(() => startNamed('constructor')).toThrow(/objectron, nsfwjs, nsfwjs-mid, scratch or a JSON file/);
    expect(startNamed('scratch')).toBeNull();
  });
});

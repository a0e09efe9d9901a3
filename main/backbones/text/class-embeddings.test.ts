import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { sharedFolder, sharedPath } from '../../testing/shared.ts';
import { readClassEmbeddings } from './class-embeddings.ts';
import { writeSafetensors } from '../checkpoints/safetensors.ts';

function file(
  name: string,
  rows: number,
  columns: number,
  change = (values: Float32Array) => values,
): Uint8Array {
  const data = change(Float32Array.from({ length: rows * columns }, (_, i) => i));
  return writeSafetensors(new Map([[name, { dims: [rows, columns], dtype: 'float32', data }]]));
}

it('reads [E, K] into memory of its own', () => {
  const bytes = file('class_embeddings', 2, 3);
  const found = readClassEmbeddings(bytes, 2, 3);
  bytes.fill(0);
  expect(found).toEqual({ dims: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) });
});

it.each([
  ['another name', () => file('embeddings', 2, 3), /it has "embeddings"/],
  ['the wrong width', () => file('class_embeddings', 4, 3), /Expected \[2, 3\].*found \[4, 3\]\.$/],
  ['too few classes', () => file('class_embeddings', 2, 2), /found \[2, 2\]/],
  ['a transposed matrix', () => file('class_embeddings', 3, 2), /transposed/],
  [
    'NaN',
    () => file('class_embeddings', 2, 3, (values) => values.fill(NaN, 4, 5)),
    /row 1, column 1 is not finite/,
  ],
])('refuses %s', (_, bytes, message) => {
  expect(() => readClassEmbeddings(bytes(), 2, 3)).toThrow(
    expect.objectContaining({
      code: 'CLASS_EMBEDDINGS_INVALID',
      message: expect.stringMatching(message) as unknown,
    }) as Error,
  );
});

it.skipIf(sharedFolder() === null)('reads the golden class embeddings', () => {
  const bytes = readFileSync(sharedPath('golden', 'class-embeddings.safetensors'));
  expect(readClassEmbeddings(bytes, 32, 7).data).toHaveLength(224);
});

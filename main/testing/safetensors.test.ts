import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSafetensors } from './safetensors.ts';
import { sharedFolder, sharedPath } from './shared.ts';

it('reads halves, singles and integers as float32', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dermorbit-safetensors-'));
  try {
    const data = Buffer.alloc(8 + 8 + 16);
    // 1, -2, the smallest subnormal, the largest finite number
    [0x3c00, 0xc000, 0x0001, 0x7bff].forEach((bits, i) => data.writeUInt16LE(bits, 2 * i));
    data.writeFloatLE(0.5, 8);
    data.writeFloatLE(-1e-3, 12);
    data.writeBigInt64LE(-7n, 16);
    data.writeBigInt64LE(49407n, 24);
    const header = JSON.stringify({
      __metadata__: { made: 'by hand' },
      half: { dtype: 'F16', shape: [2, 2], data_offsets: [0, 8] },
      single: { dtype: 'F32', shape: [2], data_offsets: [8, 16] },
      integer: { dtype: 'I64', shape: [2], data_offsets: [16, 32] },
    });
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    const path = join(folder, 'a.safetensors');
    writeFileSync(path, Buffer.concat([length, Buffer.from(header), data]));
    const tensors = readSafetensors(path);
    expect([...tensors.keys()]).toEqual(['half', 'single', 'integer']);
    expect(tensors.get('half')).toEqual({ dims: [2, 2], data: Float32Array.of(1, -2, 2 ** -24, 65504) });
    expect(tensors.get('single')?.data).toEqual(Float32Array.of(0.5, -1e-3));
    expect(tensors.get('integer')?.data).toEqual(Float32Array.of(-7, 49407));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe.skipIf(sharedFolder() === null)('on the golden vectors', () => {
  it('finds the preprocessed images', () => {
    const image = readSafetensors(sharedPath('golden', 'expected.safetensors')).get('image');
    expect(image?.dims).toEqual([3, 3, 128, 128]);
    expect(image?.data.every(Number.isFinite)).toBe(true);
  });
});

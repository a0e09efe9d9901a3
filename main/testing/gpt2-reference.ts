// GPT-2 written out in double precision, loop by loop (Radford et al. 2019): an independent path for the graphs. Test
// use only.
import type { SafetensorsInput } from '../backbones/checkpoints/safetensors.ts';
import type { Gpt2Size } from '../language/gpt2/random-weights.ts';

type Matrix = number[][];

/**
 * Logits behind every position of a text, [L * V].
 * @param tensors under the names of Hugging Face
 * @param scales of the products of queries and keys, by layer; 1 / sqrt(head width) where absent
 */
export function referenceLogits(
  tensors: ReadonlyMap<string, SafetensorsInput>,
  { layers, width, heads }: Gpt2Size,
  ids: readonly number[],
  scales?: readonly number[],
): number[] {
  const read = (name: string) => Array.from(tensors.get(`transformer.${name}`)!.data as Float32Array);
  const conv1D = (x: Matrix, name: string): Matrix => {
    const [weight, bias] = [read(`${name}.weight`), read(`${name}.bias`)];
    return x.map((row) =>
      bias.map((b, j) => row.reduce((sum, value, i) => sum + value * weight[i * bias.length + j]!, b)),
    );
  };
  const norm = (x: Matrix, name: string): Matrix => {
    const [weight, bias] = [read(`${name}.weight`), read(`${name}.bias`)];
    return x.map((row) => {
      const mean = row.reduce((a, b) => a + b, 0) / width;
      const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / width;
      return row.map((value, i) => ((value - mean) / Math.sqrt(variance + 1e-5)) * weight[i]! + bias[i]!);
    });
  };
  const added = (x: Matrix, y: Matrix) => x.map((row, t) => row.map((value, i) => value + y[t]![i]!));
  const gelu = (v: number) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));
  const size = width / heads;
  const attention = (x: Matrix, name: string, scale: number): Matrix => {
    const qkv = conv1D(x, `${name}.c_attn`);
    const mixed = x.map((_, t) => {
      const row: number[] = [];
      for (let h = 0; h < heads; h++) {
        const part = (at: number, which: number) =>
          qkv[at]!.slice(which * width + h * size, which * width + (h + 1) * size);
        const query = part(t, 0);
        const powers = Array.from({ length: t + 1 }, (_, s) =>
          Math.exp(scale * part(s, 1).reduce((sum, key, i) => sum + key * query[i]!, 0)),
        );
        const total = powers.reduce((a, b) => a + b, 0);
        for (let i = 0; i < size; i++)
          row.push(powers.reduce((sum, power, s) => sum + (power / total) * part(s, 2)[i]!, 0));
      }
      return row;
    });
    return conv1D(mixed, `${name}.c_proj`);
  };
  const [words, places] = [read('wte.weight'), read('wpe.weight')];
  const rowOf = (table: number[], at: number) => table.slice(at * width, (at + 1) * width);
  let x: Matrix = ids.map((id, t) => rowOf(words, id).map((value, i) => value + rowOf(places, t)[i]!));
  for (let layer = 0; layer < layers; layer++) {
    const name = `h.${layer}`;
    x = added(x, attention(norm(x, `${name}.ln_1`), `${name}.attn`, scales?.[layer] ?? 1 / Math.sqrt(size)));
    const hidden = conv1D(norm(x, `${name}.ln_2`), `${name}.mlp.c_fc`).map((row) => row.map(gelu));
    x = added(x, conv1D(hidden, `${name}.mlp.c_proj`));
  }
  return norm(x, 'ln_f').flatMap((row) => {
    const logits: number[] = [];
    for (let id = 0; id < words.length / width; id++) {
      logits.push(row.reduce((sum, value, i) => sum + value * words[id * width + i]!, 0));
    }
    return logits;
  });
}

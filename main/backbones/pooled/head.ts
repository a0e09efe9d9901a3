// The head of a classifier with a global mean: e = A mean(F) + b. The mean does not see a turn, so M2(hF) is M2(F), and
// every cell has its exact share of the logits.
import type { HeadRow, OpenHead } from '../backbone.ts';
import { SetHead } from '../set-head.ts';

/** `features` [B, C, s, s] -> `embedding` [B, E], affine in the mean of the cells. */
export const meanPoolHead: HeadRow = {
  evidence: 'exact',
  signature: [['features'], ['embedding']],
  prepare:
    ({ bytes, embedding }) =>
    async (open) =>
      new MeanPool(await open(bytes), embedding),
};

class MeanPool extends SetHead {
  /** What a cell alone would say: the mean of a map that has its values everywhere. b is what a map of zeros says. */
  override readonly split: OpenHead['split'] = async (maps, { data, width, classes }) => {
    const [count, channels, size] = maps.dims as [number, number, number];
    const cells = size * size;
    const embed = async (features: Float32Array, views: number) => {
      const dims = [views, channels, size, size];
      return (await this.session.run({ features: { data: features, dims } })).embedding!.data;
    };
    const bias = await embed(new Float32Array(channels * cells), 1);
    const found = {
      embeddings: await embed(maps.data, count),
      cells: new Float32Array(count * classes * cells),
      constant: new Float32Array(count * classes),
    };
    /** Of a row of embeddings, or of what it has over the bias: its product with the embedding of a class. */
    const logit = (row: Float32Array, from: number, less: Float32Array | null, k: number) => {
      let sum = 0;
      for (let e = 0; e < width; e++) {
        sum += (row[from + e]! - (less ? less[e]! : 0)) * data[e * classes + k]!;
      }
      return sum;
    };
    for (let map = 0; map < count; map++) {
      const spread = new Float32Array(cells * channels * cells);
      for (let cell = 0; cell < cells; cell++) {
        for (let channel = 0; channel < channels; channel++) {
          const at = (cell * channels + channel) * cells;
          spread.fill(maps.data[(map * channels + channel) * cells + cell]!, at, at + cells);
        }
      }
      const alone = await embed(spread, cells);
      for (let k = 0; k < classes; k++) {
        found.constant[map * classes + k] = logit(bias, 0, null, k);
        for (let cell = 0; cell < cells; cell++) {
          found.cells[(map * classes + k) * cells + cell] = logit(alone, cell * width, bias, k) / cells;
        }
      }
    }
    return found;
  };
}

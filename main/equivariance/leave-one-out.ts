// Leave-one-out evidence: by how much a logit falls when one cell of the combined map is replaced by the map's mean
// (METHODS.md, "Backbones"). It turns with the image as the map does, but its cells do not add up to the logit. Pure.

/**
 * The map with each of some cells replaced by the mean over all cells.
 * @param map [C, s, s]
 * @param cells indices into the s*s cells
 * @returns [cells.length, C, s, s]
 */
export function withoutCells(map: Float32Array, size: number, cells: readonly number[]): Float32Array {
  const plane = size * size;
  const channels = map.length / plane;
  const maps = new Float32Array(cells.length * map.length);
  cells.forEach((_, place) => {
    maps.set(map, place * map.length);
  });
  for (let channel = 0; channel < channels; channel++) {
    let mean = 0;
    for (let cell = 0; cell < plane; cell++) mean += map[channel * plane + cell]! / plane;
    cells.forEach((cell, place) => (maps[place * map.length + channel * plane + cell] = mean));
  }
  return maps;
}

/**
 * @param whole [K], logits of the combined map
 * @param without [s*s][K], its logits without each cell
 * @returns cells [K][s*s]; constant [K], what they leave of the logit
 */
export function leaveOneOut(
  whole: readonly number[],
  without: readonly (readonly number[])[],
): { cells: number[][]; constant: number[] } {
  const cells = whole.map((logit, k) => without.map((logits) => logit - logits[k]!));
  const constant = whole.map((logit, k) => logit - cells[k]!.reduce((sum, value) => sum + value, 0));
  return { cells, constant };
}

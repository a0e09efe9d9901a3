// Edges of histograms of weights that may lie anywhere: nearly all at 1/n, spread over 0 to 1, or, where they are no
// shares, far beyond. Pure.

/** Bins of a fitted histogram. A power of two, so that finding the bin of a weight rounds nothing. */
const fittedBins = 32;

/** A bin is at least this share of the largest weight wide: float32 does not promise more. */
const resolution = 2 ** -20;

/** The smallest number of float32: no two weights lie closer. */
const smallest = 2 ** -149;

/**
 * Edges that fit some weights: multiples of their distance, which is the smallest power of two that covers all weights
 * with 32 bins. Any two such histograms can therefore be counted into the wider bins of the two exactly.
 * @param weights finite, at least one
 * @returns [33] rising edges; a weight at the last one belongs to the last bin
 */
export function fittedEdges(weights: Iterable<number>): number[] {
  let [least, most] = [Infinity, -Infinity];
  for (const weight of weights) {
    least = Math.min(least, weight);
    most = Math.max(most, weight);
  }
  const largest = Math.max(Math.abs(least), Math.abs(most)) || 1;
  let width = powerAbove(Math.max((most - least) / fittedBins, largest * resolution, smallest));
  // The first edge lies below the least weight, which may cost the last bin.
  while (firstEdge(least, width) + fittedBins * width < most) width *= 2;
  const first = firstEdge(least, width);
  return Array.from({ length: fittedBins + 1 }, (_, edge) => first + edge * width);
}

const powerAbove = (value: number) => 2 ** Math.ceil(Math.log2(value));

/** The last multiple of a width that is not above a value. */
function firstEdge(least: number, width: number): number {
  const edge = Math.floor(least / width) * width;
  // The quotient of a tiny negative value and a wide bin is -0, whose floor would lie above the value.
  return edge > least ? edge - width : edge;
}

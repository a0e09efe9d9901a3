// From logits to what is said of the next token: logarithms of probabilities, the likeliest tokens, a drawn one. Double
// precision throughout: differences of 1e-5 are what fairness is measured by. Pure.

/** log of the sum of the exponentials. */
export function logSumExp(logits: ArrayLike<number>): number {
  let largest = -Infinity;
  for (let i = 0; i < logits.length; i++) if (logits[i]! > largest) largest = logits[i]!;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i]! - largest);
  return largest + Math.log(sum);
}

/** log softmax(logits)[id]. */
export function logProbability(logits: ArrayLike<number>, id: number): number {
  return logits[id]! - logSumExp(logits);
}

/** Natural logarithms of softmax, [V]. */
export function logSoftmax(logits: ArrayLike<number>): Float64Array {
  const total = logSumExp(logits);
  return Float64Array.from(logits, (logit) => logit - total);
}

/** The id of the largest logit; the smaller id among equals. */
export function likeliest(logits: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  return best;
}

/** The ids of the `count` largest logits, the largest first; the smaller id among equals. */
export function topIds(logits: ArrayLike<number>, count: number): number[] {
  const ids = Array.from({ length: logits.length }, (_, id) => id);
  ids.sort((a, b) => logits[b]! - logits[a]! || a - b);
  return ids.slice(0, count);
}

/** KL(p || q) of two distributions given by their logarithms; natural logarithm. */
export function divergence(p: ArrayLike<number>, q: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    const share = Math.exp(p[i]!);
    if (share > 0) sum += share * (p[i]! - q[i]!);
  }
  return sum;
}

export interface SamplingOptions {
  /** Only this many of the likeliest tokens are drawn from; all where absent. */
  readonly topK?: number | undefined;
  /** Divides the logits; 1 where absent. 0 takes the likeliest. */
  readonly temperature?: number | undefined;
}

/**
 * A token drawn from softmax(logits / temperature) over the `topK` likeliest.
 * @param uniform a number from 0 (included) to 1 (excluded): the same number, the same token
 */
export function drawToken(
  logits: ArrayLike<number>,
  { topK = logits.length, temperature = 1 }: SamplingOptions,
  uniform: number,
): number {
  if (temperature === 0 || topK === 1) return likeliest(logits);
  const ids = topIds(logits, topK);
  const scaled = ids.map((id) => logits[id]! / temperature);
  const total = logSumExp(scaled);
  let left = uniform;
  for (const [place, id] of ids.entries()) {
    left -= Math.exp(scaled[place]! - total);
    if (left < 0) return id;
  }
  // Rounding may leave a little over: it belongs to the last.
  return ids.at(-1)!;
}

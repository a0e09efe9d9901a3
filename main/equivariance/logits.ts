// From embeddings to class logits and probabilities. Pure.

/** Numerically safe softmax; any length, nothing of nothing. */
export function softmax(logits: readonly number[]): number[] {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Index of the largest value; the first of equals. */
export function argmax(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value > values[best]! ? index : best), 0);
}

/** Euclidean length. */
export function norm(vector: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i]! * vector[i]!;
  return Math.sqrt(sum);
}

/** How a model turns an embedding into logits: scale * (normalize ? e / |e| : e) T + b (its manifest says which). */
export interface LogitRule {
  readonly normalize: boolean;
  readonly scale: number;
  /** At embedding level: normalised (CLIP's way, and where nothing is said), or by this rule (a classifier's). */
  readonly embeddingLevel?: 'normalized' | 'own' | undefined;
}

/** The rule by which an orientation's own embedding is read at embedding level. */
export function embeddingLevelRule(rule: LogitRule): LogitRule {
  return rule.embeddingLevel === 'own' ? rule : { normalize: true, scale: rule.scale };
}

/** Class embeddings T, [E, K] row-major. */
export interface ClassEmbeddings {
  readonly data: Float32Array;
  readonly width: number;
  readonly classes: number;
  /** b [K], added to the logits; absent where there is none. */
  readonly bias?: Float32Array | undefined;
}

/** By what the raw product e T is multiplied to become logits; the evidence map is multiplied by the same. */
export function logitFactor(embedding: Float32Array, { normalize, scale }: LogitRule): number {
  return normalize ? scale / norm(embedding) : scale;
}

/** Logits [K] of one embedding [E] under a logit rule. */
export function classLogits(embedding: Float32Array, T: ClassEmbeddings, rule: LogitRule): number[] {
  const factor = logitFactor(embedding, rule);
  const logits = new Array<number>(T.classes).fill(0);
  for (let e = 0; e < T.width; e++) {
    const value = embedding[e]! * factor;
    for (let k = 0; k < T.classes; k++) logits[k]! += value * T.data[e * T.classes + k]!;
  }
  const { bias } = T;
  return bias ? logits.map((logit, k) => logit + bias[k]!) : logits;
}

/** The rows of [n, width] as views. */
export function rowsOf(data: Float32Array, width: number): Float32Array[] {
  return Array.from({ length: data.length / width }, (_, row) =>
    data.subarray(row * width, (row + 1) * width),
  );
}

/** Rows of equal length as one array; no copy where they already lie side by side. */
export function joined(rows: readonly Float32Array[]): Float32Array {
  const [first] = rows as [Float32Array, ...Float32Array[]];
  const width = first.length;
  const adjacent = rows.every(
    (row, i) =>
      row.buffer === first.buffer && row.byteOffset === first.byteOffset + i * width * row.BYTES_PER_ELEMENT,
  );
  if (adjacent) return new Float32Array(first.buffer, first.byteOffset, rows.length * width);
  const all = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) all.set(row, i * width);
  return all;
}

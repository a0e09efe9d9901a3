// Perplexity of a text under a method, in windows as long as the model's positions.
import { DermOrbitError } from '../contract/errors.ts';
import { readLogits, type Asking } from './asking.ts';
import { logProbability } from './distribution.ts';

export interface Perplexity {
  /** exp of the mean negative log-probability. */
  readonly perplexity: number;
  /** Tokens that were scored: all but the first. */
  readonly tokens: number;
}

/**
 * The perplexity of a text. Windows begin half a window apart; each scores only the tokens that no earlier one has
 * scored, so that every token but the first few has half a window of context. A window is transformed whole.
 * @throws DermOrbitError LANGUAGE_TEXT_SHORT for fewer than two tokens
 */
export async function perplexity(
  asking: Asking,
  ids: readonly number[],
  signal?: AbortSignal,
): Promise<Perplexity> {
  if (ids.length < 2) {
    throw new DermOrbitError(
      'LANGUAGE_TEXT_SHORT',
      `The text has ${ids.length} tokens; two are needed at least.`,
    );
  }
  const { positions } = asking.model.manifest.architecture;
  const stride = Math.max(1, Math.floor(positions / 2));
  let sum = 0;
  // The next token to be scored.
  let next = 1;
  for (let start = 0; next < ids.length; start += stride) {
    signal?.throwIfAborted();
    const window = ids.slice(start, start + positions);
    await readLogits(asking, window.slice(0, -1), next - 1 - start, (position, { logits }) => {
      sum -= logProbability(logits, ids[start + position + 1]!);
    });
    next = start + window.length;
  }
  const tokens = ids.length - 1;
  return { perplexity: Math.exp(sum / tokens), tokens };
}

// What a sliding window sees of every channel, as channels of their own, and the way back. Pure.
import type { RuleContext } from '../rule.ts';

/** A window over two axes. */
export interface SlidingWindow {
  readonly channels: number;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  /** top, left, bottom, right */
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
}

/** Kernels [C kh kw, 1, kh, kw] of a one and zeros: the i-th of a channel picks the i-th cell of the window. */
function picking(context: RuleContext, { channels, kernel }: SlidingWindow): string {
  const area = kernel[0] * kernel[1];
  const seen = new Float32Array(channels * area * area);
  for (let filter = 0; filter < channels * area; filter++) seen[filter * area + (filter % area)] = 1;
  return context.emit.float32(context.label('seen'), seen, [channels * area, 1, ...kernel]);
}

/**
 * Every cell that a window sees, as channels: [B, C, H, W] becomes [B, C kh kw, h, w]. A convolution of each channel
 * for itself does that faster than slices with strides.
 */
export function patches(context: RuleContext, value: string, window: SlidingWindow): string {
  const { channels, strides, pads, dilations } = window;
  const attributes = { group: channels, strides, pads, dilations };
  return context.emit.op('Conv', [value, picking(context, window)], attributes, context.label('patches'));
}

/**
 * The adjoint of patches: [B, C kh kw, h, w] becomes [B, C, H, W], overlapping windows added up.
 * @param missing cells at the lower and right edge that no window reaches
 */
export function scatterPatches(
  context: RuleContext,
  value: string,
  window: SlidingWindow,
  missing: readonly [number, number],
): string {
  const { channels, strides, pads, dilations } = window;
  const attributes = { group: channels, strides, pads, dilations, output_padding: missing };
  return context.emit.op(
    'ConvTranspose',
    [value, picking(context, window)],
    attributes,
    context.label('scattered'),
  );
}

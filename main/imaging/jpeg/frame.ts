// What a JPEG picture consists of, and whether its scans add up to all of it. Source: ISO/IEC 10918-1, annexes B.2.2
// and G.1. Pure.
import type { Component } from './count-blocks.ts';

export interface Frame {
  /** SOF marker: baseline, extended or progressive with Huffman coding, or another. */
  readonly code: number;
  readonly width: number;
  readonly height: number;
  readonly components: readonly Component[];
}

export interface Scan {
  /** Each with its tables. */
  readonly components: readonly { readonly id: number; readonly dc: number; readonly ac: number }[];
  /** First and last coefficient, in zigzag order. */
  readonly start: number;
  readonly end: number;
  /** Bits of the coefficients that are still to come. */
  readonly low: number;
}

const [baseline, extended, progressive] = [0xc0, 0xc1, 0xc2];
/** Every SOF marker: C0 to CF without DHT, JPG and DAC. */
const isFrame = (code: number): boolean => code >= 0xc0 && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code);

/** The frame that a segment begins; null if it is no frame header. */
export function frameOf(code: number, segment: Uint8Array): Frame | null {
  if (!isFrame(code)) return null;
  const count = segment[7] ?? 0;
  if (segment.length < 8 + 3 * count) return null;
  const number = (at: number): number => segment[at]! * 256 + segment[at + 1]!;
  const components = Array.from({ length: count }, (_, index): Component => {
    const [id, sampling] = segment.subarray(8 + 3 * index);
    return { id: id!, horizontal: sampling! >> 4, vertical: sampling! & 15 };
  });
  return { code, width: number(5), height: number(3), components };
}

export function sequential({ code }: Frame): boolean {
  return code === baseline || code === extended;
}

/**
 * Whether scans have begun for every component and, in a progressive picture, for every coefficient down to its
 * last bit. False for kinds of coding whose decoders do not say where data is missing (arithmetic).
 */
export function allThere(frame: Frame, scans: readonly Scan[]): boolean {
  const has = (scan: Scan, id: number) => scan.components.some((one) => one.id === id);
  if (sequential(frame)) return frame.components.every(({ id }) => scans.some((scan) => has(scan, id)));
  if (frame.code !== progressive) return false;
  return frame.components.every(({ id }) => {
    const bitsToCome = new Array<number>(64).fill(Infinity);
    for (const scan of scans) {
      const { start, end, low } = scan;
      if (!has(scan, id)) continue;
      for (let k = start; k <= Math.min(end, 63); k++) bitsToCome[k] = low;
    }
    return bitsToCome.every((bits) => bits === 0);
  });
}

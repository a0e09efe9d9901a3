// IEEE 754 half precision as raw bits: the form weights are stored in. Pure; depends on nothing.

const scratchFloat = new Float32Array(1);
const scratchBits = new Uint32Array(scratchFloat.buffer);

/** Every half-precision number as float32, by its bits: 256 KB that make decoding one look-up per weight. */
let decoded: Float32Array | null = null;

function decodeBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Half-precision bits -> float32 (exact). */
export function float16ToFloat32(bits: Uint16Array): Float32Array {
  decoded ??= Float32Array.from({ length: 65_536 }, (_, value) => decodeBits(value));
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = decoded[bits[i]!]!;
  return values;
}

/** float32 -> half-precision bits, rounded to nearest even; beyond 65,504 becomes infinite, NaN stays NaN. */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    scratchFloat[0] = values[i]!;
    const source = scratchBits[0]!;
    const sign = (source >>> 16) & 0x8000;
    const magnitude = source & 0x7fffffff;
    if (magnitude > 0x7f800000) bits[i] = sign | 0x7e00;
    else if (magnitude >= 0x477ff000) bits[i] = sign | 0x7c00;
    else if (magnitude < 0x38800000) bits[i] = sign | roundHalfEven(Math.abs(values[i]!) * 2 ** 24);
    else {
      // Rebias the exponent by 127 - 15, then round the 13 dropped fraction bits to nearest even.
      const kept = (magnitude - 0x38000000) >>> 13;
      const dropped = magnitude & 0x1fff;
      const up = dropped > 0x1000 || (dropped === 0x1000 && (kept & 1) === 1);
      bits[i] = sign | (kept + (up ? 1 : 0));
    }
  }
  return bits;
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest === 0.5) return floor % 2 === 0 ? floor : floor + 1;
  return Math.round(value);
}

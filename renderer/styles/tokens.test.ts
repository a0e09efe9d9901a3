// Every pair of text and background that the app uses, in both themes, against WCAG 2 AA.
// eslint-disable-next-line no-restricted-imports -- the test runs in Node; the stylesheet is data to it
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const source = readFileSync(new URL('tokens.css', import.meta.url), 'utf8');

type Theme = 'light' | 'dark';

/** OKLCH triple of a token: [lightness, chroma, hue in degrees]. */
function token(name: string, theme: Theme): [number, number, number] {
  const value = new RegExp(`--${name}: (.+);`).exec(source)?.[1] ?? '';
  const colours = [...value.matchAll(/oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)/g)];
  const colour = colours[theme === 'light' ? 0 : colours.length - 1];
  if (colour === undefined) throw new Error(`no colour --${name}`);
  return [Number(colour[1]), Number(colour[2]), Number(colour[3])];
}

/** Relative luminance (WCAG 2) of an OKLCH colour; Ottosson's OKLab matrices, clipped to sRGB. */
function luminance([lightness, chroma, hue]: [number, number, number]): number {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const clip = (value: number): number => Math.min(1, Math.max(0, value));
  const red = clip(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
  const green = clip(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
  const blue = clip(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(front: string, back: string, theme: Theme): number {
  const [a, b] = [luminance(token(front, theme)), luminance(token(back, theme))];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

const surfaces = ['paper', 'surface', 'raised', 'well', 'hover'];
const texts: [string, string[]][] = [
  ['ink', [...surfaces, 'accent-soft', 'caution-soft', 'fault-soft', 'cell-right', 'cell-wrong']],
  ['ink-2', [...surfaces, 'accent-soft', 'caution-soft', 'fault-soft']],
  ['ink-3', [...surfaces, 'accent-soft']],
  ['accent-strong', [...surfaces, 'accent-soft']],
  ['on-accent', ['accent', 'accent-strong']],
  ['malignant-ink', [...surfaces, 'accent-soft']],
  ['caution-ink', [...surfaces, 'caution-soft', 'accent-soft']],
  ['fault', [...surfaces, 'fault-soft', 'accent-soft']],
];
const marks: [string, string[]][] = [
  ['edge', ['paper', 'surface', 'raised', 'well', 'hover']],
  ['accent', ['paper', 'surface', 'raised', 'well', 'hover', 'accent-soft']],
  ['benign', ['paper', 'surface', 'raised', 'well']],
  ['malignant', ['paper', 'surface', 'raised', 'well']],
];

describe.each(['light', 'dark'] as const)('%s theme', (theme) => {
  it.each(texts.flatMap(([front, backs]) => backs.map((back) => [front, back] as const)))(
    'text %s on %s has 4.5:1',
    (front, back) => {
      expect(contrast(front, back, theme)).toBeGreaterThanOrEqual(4.5);
    },
  );

  it.each(marks.flatMap(([front, backs]) => backs.map((back) => [front, back] as const)))(
    'mark %s on %s has 3:1',
    (front, back) => {
      expect(contrast(front, back, theme)).toBeGreaterThanOrEqual(3);
    },
  );
});

// How numbers, files and the field's terms are put into words. Pure; every screen uses these and no others, so
// that one thing has one name.
import { classNames } from '../contract/settings.ts';
import type { GroupName } from '../groups/groups.ts';
import type { Head, Inverse, Level, Method, Provider, Score, Scorer } from '../contract/settings.ts';

/** Stands where there is no number. */
const none = '–';

/**
 * A probability (0 to 1) as a percentage that promises no more than it knows: whole numbers, one decimal near
 * the ends, and never 0% or 100% for what is only almost so.
 */
export function percent(probability: number | null): string {
  if (probability === null || !Number.isFinite(probability)) return none;
  const share = probability * 100;
  if (share <= 0) return '0%';
  if (share >= 100) return '100%';
  if (share < 0.1) return '<0.1%';
  if (share > 99.9) return '>99.9%';
  if (share < 0.95 || share > 99) return `${share.toFixed(1)}%`;
  return `${share.toFixed(0)}%`;
}

/** A weight or other number of no unit, e.g. 0.25; small ones keep a sign of life. */
export function decimal(value: number, digits = 2): string {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? (0).toFixed(digits) : text;
}

/** As `decimal`, with its sign: +1.20, −0.35. */
export function signed(value: number, digits = 2): string {
  const text = decimal(Math.abs(value), digits);
  if (Number(text) === 0) return text;
  return value < 0 ? `−${text}` : `+${text}`;
}

/** `1 image`, `12 images`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}

/** Time still needed, in words that do not flicker from second to second. */
export function timeLeft(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return 'estimating time left';
  if (seconds < 1) return 'almost done';
  if (seconds < 10) return 'a few seconds left';
  if (seconds < 55) return `about ${(Math.ceil(seconds / 5) * 5).toFixed(0)} seconds left`;
  if (seconds < 3300) return `about ${count(Math.round(seconds / 60), 'minute')} left`;
  const halfHours = Math.round(seconds / 1800);
  return halfHours === 2 ? 'about 1 hour left' : `about ${(halfHours / 2).toLocaleString('en')} hours left`;
}

/** A measured time: 38 ms, 1.4 s. */
export function milliseconds(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return none;
  if (value < 10) return `${value.toFixed(1)} ms`;
  return value < 1000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(1)} s`;
}

/** A file size in decimal units, as file managers show it. */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let size = value;
  let unit = -1;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size < 10 ? size.toFixed(1) : size.toFixed(0)} ${units[unit] ?? ''}`;
}

/** Plain words for a class code; the code itself where the product knows no words for it. */
export function className(code: string): string {
  return classNames[code] ?? code;
}

/** Shorter words for narrow places. */
export function shortClassName(code: string): string {
  return code === 'AKIEC' ? 'Actinic keratosis' : className(code);
}

/** Those inside a sentence: `actinic keratosis`; codes without words stay as they are. */
export function wordInSentence(code: string): string {
  const name = shortClassName(code);
  return name === code ? code : `${name[0]?.toLowerCase() ?? ''}${name.slice(1)}`;
}

interface Term {
  readonly name: string;
  /** One sentence. */
  readonly explanation: string;
}

export const methodTerms: Readonly<Record<Method, Term>> = {
  vanilla: {
    name: 'Vanilla',
    explanation:
      'The plain model: the picture as it lies, nothing combined. Its answer can change with a turn.',
  },
  tta: {
    name: 'TTA',
    explanation: 'Test-time augmentation: the mean of the probabilities that the orientations give alone.',
  },
  equitune: { name: 'Equitune', explanation: 'All orientations are combined with equal weight.' },
  equizero: { name: 'Equizero', explanation: 'The one orientation of which the model is surest decides.' },
  lambda: {
    name: 'λ-equitune',
    explanation: 'A small network weighs each orientation by how telling it is.',
  },
  attention: { name: 'Equiattention', explanation: 'The orientations attend to one another.' },
  canonical: {
    name: 'Canonical',
    explanation: 'A trained scorer chooses one orientation, which decides alone.',
  },
};

export const scorerTerms: Readonly<Record<Scorer, Term>> = {
  feature: { name: 'Feature', explanation: 'The scorer looks at the feature map of every orientation.' },
  image: {
    name: 'Image',
    explanation: 'The scorer looks at small pictures first; the image tower then sees one orientation only.',
  },
};

export const scoreTerms: Readonly<Record<Score, Term>> = {
  probability: {
    name: 'Probability',
    explanation: 'The largest class probability decides, as in the papers.',
  },
  entropy: { name: 'Entropy', explanation: 'The least entropy of the probabilities decides.' },
  energy: { name: 'Energy', explanation: 'The lowest energy decides: mean logit minus half the largest.' },
  distance: {
    name: 'Distance',
    explanation: 'The embedding nearest to a class mean decides (Mahalanobis distance).',
  },
};

export const groupTerms: Readonly<Record<GroupName, Term>> = {
  c1: { name: 'C1', explanation: 'One orientation: the picture as it lies.' },
  c2: { name: 'C2', explanation: 'Two orientations: as it lies, and half a turn.' },
  c4: { name: 'C4', explanation: 'Four orientations: quarter turns.' },
  d1: { name: 'D1', explanation: 'Two orientations: as it lies, and mirrored.' },
  d4: { name: 'D4', explanation: 'Eight orientations: quarter turns, each also mirrored.' },
};

export const levelTerms: Readonly<Record<Level, Term>> = {
  feature: { name: 'Feature', explanation: 'Feature maps are combined, before the attention pool.' },
  embedding: { name: 'Embedding', explanation: 'Embeddings are combined, after the attention pool: no map.' },
};

export const inverseTerms: Readonly<Record<Inverse, Term>> = {
  on: { name: 'On', explanation: 'Each feature map is turned back first, so that the map keeps its place.' },
  off: { name: 'Off', explanation: 'Feature maps are combined as they are: no evidence map.' },
};

export const headTerms: Readonly<Record<Head, Term>> = {
  plain: {
    name: 'Plain',
    explanation: 'The attention pool reads the combined map once; a turn shows through.',
  },
  orbit: {
    name: 'Orbit',
    explanation:
      'The attention pool reads the combined map in every turn: provably the same answer at the turns of the group.',
  },
};

export const providerNames: Readonly<Record<Provider | 'auto', string>> = {
  auto: 'Automatic',
  cuda: 'CUDA',
  tensorrt: 'TensorRT',
  dml: 'DirectML',
  webgpu: 'WebGPU',
  coreml: 'Core ML',
  cpu: 'CPU',
};

/** Group elements in words: `0°`, `90°`, `mirrored 0°`. The mirror comes first; turns are counter-clockwise. */
export function orientationName(turn: number, mirror: boolean): string {
  return mirror ? `mirrored ${turn}°` : `${turn}°`;
}

/** The same as labels of a matrix: `0°`, `90°`, `M 0°`. */
export function orientationLabel(turn: number, mirror: boolean): string {
  return mirror ? `M ${turn}°` : `${turn}°`;
}

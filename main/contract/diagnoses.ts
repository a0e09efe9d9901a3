// What people, tables and archives call the seven classes of ISIC 2018: one table, for labels of every kind. A name
// is that of a class itself ("nevus") or of one kind of it ("blue nevus"); what is in neither list is no class of the
// seven, and stays what it is (squamous cell carcinoma, "unknown"): nothing is guessed. Depends on settings.
import type { isicClasses } from './settings.ts';

type IsicClass = (typeof isicClasses)[number];

/** A diagnosis among the seven classes. */
export interface Diagnosis {
  readonly code: IsicClass;
  /** The kind, where a name says more than the class does: two names of one kind give the same text. */
  readonly kind: string | null;
}

/** `adjectives` before and after a noun: "blue nevus" and, as archives sort, "Nevus, Blue". */
const both = (noun: string, ...adjectives: readonly string[]): string[][] =>
  adjectives.map((adjective) => [`${adjective} ${noun}`, `${noun} ${adjective}`]);

interface Names {
  /** The class itself. */
  readonly names: readonly string[];
  /** Kinds of it, each with everything it is called. */
  readonly kinds: readonly (readonly string[])[];
}

/**
 * Sources: Tschandl et al. 2018 for what the classes of HAM10000 contain; the values of the ISIC Archive, BCN20000,
 * PAD-UFES-20 and Derm7pt.
 */
const table: Readonly<Record<IsicClass, Names>> = {
  MEL: {
    names: ['mel', 'melanoma', 'malignant melanoma', 'cutaneous melanoma', 'melanom', 'melanome'],
    kinds: [
      ['melanoma in situ', 'in situ melanoma'],
      ['invasive melanoma', 'melanoma invasive'],
      ['melanoma metastasis', 'metastatic melanoma', 'melanoma metastatic'],
      ['lentigo maligna', 'lentigo maligna melanoma'],
      ['melanoma less than 0.76 mm'],
      ['melanoma 0.76 to 1.5 mm'],
      ['melanoma more than 1.5 mm'],
      ['malignant melanocytic proliferations melanoma'],
      ...both('melanoma', 'superficial spreading', 'nodular', 'acral lentiginous', 'acral', 'amelanotic'),
      ...both('melanoma', 'desmoplastic', 'spitzoid', 'nevoid'),
    ],
  },
  NV: {
    names: [
      ...[
        'nv',
        'nev',
        'nevus',
        'melanocytic nevus',
        'benign nevus',
        'pigmented nevus',
        'common nevus',
        'mole',
      ],
      ...['nevus pigmentosus', 'nävus', 'nevo'],
    ],
    kinds: [
      ['nevus atypical dysplastic or clark'],
      ['reed or spitz nevus', 'spitz or reed nevus'],
      ['benign melanocytic proliferations nevus'],
      ...both('nevus', 'blue', 'clark', 'dysplastic', 'atypical', 'congenital', 'acquired', 'recurrent'),
      ...both('nevus', 'dermal', 'intradermal', 'junctional', 'compound', 'combined', 'halo', 'acral'),
      ...both('nevus', 'spitz', 'reed', 'spindle cell', 'deep penetrating', 'recurrent or persistent'),
      ...both('nevus', 'congenital melanocytic', 'acquired melanocytic', 'spilus', 'balloon cell'),
    ],
  },
  BCC: {
    names: [
      ...['bcc', 'basal cell carcinoma', 'basal cell cancer', 'basal cell', 'basalioma', 'basaliom'],
      ...['basalzellkarzinom', 'carcinome basocellulaire', 'carcinoma basocelular'],
    ],
    kinds: [
      ...both('basal cell carcinoma', 'nodular', 'superficial', 'pigmented', 'infiltrating', 'infiltrative'),
      ...both('basal cell carcinoma', 'morpheaform', 'sclerosing', 'micronodular', 'metatypical'),
    ],
  },
  AKIEC: {
    names: [
      ...[
        'akiec',
        'actinic keratosis intraepithelial carcinoma',
        'actinic keratosis and intraepithelial carcinoma',
      ],
      ...['actinic keratosis bowen disease', 'actinic keratosis intraepithelial carcinoma bowen disease'],
    ],
    kinds: [
      [
        ...[
          'actinic keratosis',
          'ak',
          'ack',
          'solar keratosis',
          'solar or actinic keratosis',
          'actinic cheilitis',
        ],
        ...['senile keratosis', 'aktinische keratose', 'keratose actinique', 'queratosis actinica'],
      ],
      [
        ...[
          'bowen',
          'bowen disease',
          'squamous cell carcinoma in situ',
          'scc in situ',
          'in situ scc',
          'sccis',
        ],
        ...['squamous cell carcinoma in situ bowen disease', 'intraepithelial carcinoma', 'morbus bowen'],
        ...['intraepidermal carcinoma', 'intraepithelial squamous cell carcinoma', 'iec'],
      ],
    ],
  },
  BKL: {
    names: ['bkl', 'benign keratosis', 'benign keratosis like', 'benign keratosis like lesion'],
    kinds: [
      ['pigmented benign keratosis'],
      [
        'seborrheic keratosis',
        'sk',
        'sek',
        'seborrhoische keratose',
        'keratose seborrheique',
        'stucco keratosis',
      ],
      ['solar lentigo', 'lentigo', 'lentigines', 'senile lentigo', 'actinic lentigo', 'lentigo senilis'],
      ['lichen planus like keratosis', 'lplk', 'lichenoid keratosis'],
      ['large cell acanthoma'],
    ],
  },
  DF: {
    names: [
      ...['df', 'dermatofibroma', 'fibrous histiocytoma', 'benign fibrous histiocytoma', 'histiocytoma'],
      ...['dermatofibrom', 'dermatofibrome'],
    ],
    kinds: [],
  },
  VASC: {
    names: ['vasc', 'vascular lesion', 'vascular', 'vascular skin lesion', 'benign vascular lesion'],
    kinds: [
      ['angioma', 'hemangioma', 'hämangiom', 'hemangiome', 'angiom'],
      ['cherry angioma', 'cherry hemangioma', 'senile angioma', 'senile hemangioma'],
      ['spider angioma', 'spider nevus'],
      ['angiokeratoma', 'angiokeratom'],
      ['pyogenic granuloma', 'lobular capillary hemangioma'],
      ['hemorrhage', 'haemorrhage'],
      ['lymphangioma'],
      ['venous lake'],
    ],
  },
};

/**
 * A name as it is compared: without case, accents, punctuation and spaces; ae and oe as e (naevus, haemangioma,
 * seborrhoeic), words in the singular, without "NOS" (not otherwise specified).
 */
function keyOf(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/[\p{M}'’´`]/gu, '')
    .toLowerCase()
    .replace(/æ|œ|ae|oe/g, 'e')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== 'nos')
    .map(singular)
    .join('');
}

function singular(word: string): string {
  if (word === 'nevi') return 'nevus';
  if (word.endsWith('keratoses')) return word.replace(/es$/, 'is');
  return word.length > 3 && /[^isu]s$/.test(word) ? word.slice(0, -1) : word;
}

const diagnoses: ReadonlyMap<string, Diagnosis> = new Map(
  (Object.entries(table) as [IsicClass, Names][]).flatMap(
    ([code, { names, kinds }]): [string, Diagnosis][] => [
      ...kinds.flatMap((kind) =>
        kind.map((name) => [keyOf(name), { code, kind: kind[0]! }] as [string, Diagnosis]),
      ),
      ...names.map((name) => [keyOf(name), { code, kind: null }] as [string, Diagnosis]),
    ],
  ),
);

/** The class of the seven that a name stands for, in any spelling of the table; null if it is none of them. */
export function diagnosisOf(name: string): Diagnosis | null {
  return diagnoses.get(keyOf(name)) ?? null;
}

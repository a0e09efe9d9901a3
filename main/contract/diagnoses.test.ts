import { expect, it } from 'vitest';
import { diagnosisOf } from './diagnoses.ts';
import { classNames, isicClasses } from './settings.ts';

it.each([
  ['MEL', 'mel', 'Melanoma', 'MELANOMA', 'Melanoma, NOS', 'melanomas', 'Mélanome', 'Melanoma Invasive'],
  ['MEL', 'lentigo maligna', 'melanoma (in situ)', 'melanoma (0.76 to 1.5 mm)'],
  ['NV', 'nv', 'Nevus', 'naevus', 'nævus', 'Nävus', 'naevi', 'melanocytic nevi', 'melanocytic_nevus', 'NEV'],
  [
    'NV',
    'Nevus, Atypical, Dysplastic, or Clark',
    'blue nevus',
    'Nevus, Blue',
    'reed or spitz nevus',
    'Moles',
  ],
  ['BCC', 'bcc', 'basal cell carcinoma', 'Basal-Cell Carcinoma', 'BasalCellCarcinoma', 'Basaliom'],
  ['AKIEC', 'ak', 'ACK', 'akiec', 'Actinic keratoses', 'Solar or actinic keratosis', "Bowen's disease"],
  ['AKIEC', 'Squamous cell carcinoma in situ, Bowens disease', 'SCC in situ', 'Bowen’s'],
  [
    'BKL',
    'bkl',
    'SK',
    'SEK',
    'seborrheic keratosis',
    'seborrhoeic keratoses',
    'solar lentigo',
    'lplk',
    'Lentigo NOS',
  ],
  ['BKL', 'Lichen planus like keratosis', 'benign keratosis-like lesions', 'pigmented benign keratosis'],
  ['DF', 'df', 'Dermatofibroma', 'dermatofibromas'],
  [
    'VASC',
    'vasc',
    'angioma',
    'haemangioma',
    'Hemangiomas',
    'pyogenic granuloma',
    'vascular lesions',
    'Angiokeratoma',
  ],
])('%s is what people call it', (code, ...names) => {
  expect(names.map((name) => [name, diagnosisOf(name)?.code])).toEqual(names.map((name) => [name, code]));
});

it('knows the codes and plain names of the product as the classes themselves', () => {
  for (const code of isicClasses) {
    expect([diagnosisOf(code), diagnosisOf(classNames[code]!)]).toEqual(Array(2).fill({ code, kind: null }));
  }
});

it('does not guess', () => {
  const others = [
    'SCC',
    'UNK',
    'unknown',
    'squamous cell carcinoma',
    'Squamous cell carcinoma, Invasive',
    '',
  ];
  const more = [
    'wart',
    'benign',
    'malignant',
    'melanosis',
    'lentigo simplex',
    'nevus sebaceous',
    'epidermal nevus',
  ];
  const objects = ['constructor', '__proto__', 'train', 'naevus_x', 'class', '...', 'NOS'];
  for (const name of [...others, ...more, ...objects])
    expect([name, diagnosisOf(name)]).toEqual([name, null]);
});

it('tells kinds of a class apart, whatever they are called', () => {
  const [short, long, bowen] = ['ak', 'Actinic Keratoses', 'bowen'].map(diagnosisOf);
  expect(short).toEqual(long);
  expect(short!.kind).not.toBe(bowen!.kind);
});

// What each known case must come to, so that a machine can tell: the prose of expected.txt as exit codes and words. A
// case that is not in the table is held to the rules for every command only (see judge.ts).
import type { Expectation, Outcome } from './judge.ts';

const answered = (...says: readonly RegExp[]): Outcome => ({
  code: 0,
  says: [/malignant \(MEL|malignant: MEL/, ...says],
  never: [/Damaged image|Not an image/],
});
const refused = (code: string, ...says: readonly RegExp[]): Outcome => ({
  code: 1,
  says: [new RegExp(`\\(${code}\\)`), ...says],
  never: [/Not an image/],
});
const evaluated = (images: number, ...says: readonly RegExp[]): Outcome => ({
  code: 0,
  says: [new RegExp(`\\b${images} images`), ...says],
});

const expectations: Readonly<Record<string, Expectation>> = {
  // Pictures
  'bmp-24bit': [answered()],
  'bmp-palette-8bit': [answered()],
  'dicom-dermoscopy': [answered(), refused('IMAGE_DICOM', /PNG or JPEG/)],
  'folder-only-bmp': [answered(/a\.bmp/, /b\.BMP/)],
  'folder-skips-images-silently': [
    answered(/visit-1\.jpg/, /HEIC image/, /DICOM image|visit-3\.dcm/, /GIF image/),
  ],
  'heic-from-phone': [refused('IMAGE_HEIC', /Most Compatible/)],
  'jpeg-samsung-sos': [answered()],
  'jpeg-stray-bytes-before-marker': [answered()],
  'jpeg-without-end-marker': [answered()],
  'pattern-not-expanded': [answered()],
  'tiff-tiled-planar': [answered()],
  'tiff-unsorted-tags': [answered()],
  'webp-named-jpg': [answered(/WebP/)],
  // Checkpoints
  'checkpoint-hugging-face-clip': [
    { code: 0 },
    { code: 1, says: [/CHECKPOINT_VIT|ViT|vision transformer/], never: [/Not a CLIP model/] },
  ],
  'checkpoint-weights-under-net': [
    { code: 0 },
    { code: 1, says: [/"?net"?/, /3 /], never: [/no dictionary of named tensors/] },
  ],
  'checkpoint-with-training-arguments': [
    { code: 0 },
    { code: 1, never: [/Do not open it with other tools/, /PICKLE_FORBIDDEN/] },
  ],
  // Labels
  'class-folders-full-names': [evaluated(4)],
  'class-folders-inside-train-test': [
    { code: 1, says: [/\btrain\b/, /\btest\b/], never: [/Trained|trained model/] },
  ],
  // With a mark for Excel, or as it is: the app always writes the mark, and --excel does.
  'csv-export-umlauts-excel': [
    { ...answered(), files: { 'results.csv': /^(?:\ufeff)?path,.*Läsion Rücken\.jpg/su } },
  ],
  'labels-excel-semicolon': [evaluated(4)],
  'labels-header-case': [evaluated(2)],
  'labels-isic-archive': [evaluated(4), { code: 1, says: [/diagnosis_3/, /image,label/] }],
  'labels-isic2019': [evaluated(3, /SCC/), { code: 1, says: [/SCC/, /UNK/] }],
  'labels-tab-quoted': [{ code: 0 }, { code: 1, says: [/CSV_DELIMITER/, /tab/i] }],
  'labels-umlauts-mac': [evaluated(2)],
  'labels-without-extension': [evaluated(4)],
};

/** Empty for a case that is not known. */
export function expectationOf(name: string): Expectation {
  return expectations[name] ?? [];
}

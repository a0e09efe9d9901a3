// One result in words, for the clipboard and for the head of a report.
import { percent } from '../contract/percent.ts';
import { rankClasses, type Classification } from '../contract/record.ts';
import { classNames } from '../contract/settings.ts';
import { methodTerms } from '../words/words.ts';

/** Class code -> plain words with the code, e.g. "Melanoma (MEL)"; unknown codes as they are. */
export function className(code: string): string {
  const name = classNames[code];
  return name === undefined ? code : `${name} (${code})`;
}

/** What the answer rests on, in one sentence. */
export function stabilitySentence(record: Classification): string {
  const count = record.orientations.length;
  if (count <= 1) return 'Only the image as it is was looked at; other orientations were not asked.';
  if (record.stability === null)
    return `One of ${count} orientations was looked at: the one that the image scorer chose.`;
  const agreeing = Math.round(record.stability * count);
  if (agreeing === count) return `Every one of the ${count} orientations gives this answer by itself.`;
  return `${agreeing} of ${count} orientations give this answer by themselves; the others would answer differently.`;
}

/** Method with its variant, group, level, inverse and head in one line. */
export function settingsLine(record: Classification): string {
  const { scorer, score } = record;
  const variant =
    scorer === undefined ? (score === undefined ? '' : `, score ${score}`) : `, scorer ${scorer}`;
  return `${methodTerms[record.method].name}${variant}, group ${record.group}, ${record.level} level, inverse ${record.inverse}, ${record.head} head`;
}

/** The result as plain text, one fact per line, ending with a newline. */
export function recordToText(record: Classification): string {
  const ranked = rankClasses(record.probabilities);
  const top = ranked[0];
  const lines = [
    record.image.path,
    top === undefined ? '' : `${className(top.code)}: ${percent(top.probability)}`,
    record.malignant === null
      ? ''
      : `Malignant or pre-malignant (MEL + BCC + AKIEC): ${percent(record.malignant)}`,
    stabilitySentence(record),
    '',
    ...ranked.map(({ code, probability }) => `${className(code)}\t${percent(probability)}`),
    '',
    `Model ${record.model.id} (sha256 ${record.model.sha256})`,
    `Settings: ${settingsLine(record)}`,
    `Image sha256 ${record.image.sha256}`,
    `DermOrbit ${record.version}. Research use only, not a medical device.`,
  ];
  return `${lines.filter((line, index) => line !== '' || lines[index - 1] !== '').join('\n')}\n`;
}

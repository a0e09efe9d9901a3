// Answers as malignant or benign: of all flips, those across this border would change what is done. Pure.
import { isMalignant } from '../../contract/settings.ts';
import { asMembers, type TransformedAnswers } from './robustness.ts';

/** Places of the malignant classes among these. */
export function malignantPlaces(classes: readonly string[]): ReadonlySet<number> {
  return new Set(classes.flatMap((code, place) => (isMalignant(code) ? [place] : [])));
}

/** The same answers as malignant or benign; null where the classes are all of one kind. */
export function asMalignant(set: TransformedAnswers): TransformedAnswers | null {
  const malignant = malignantPlaces(set.classes);
  if (malignant.size === 0 || malignant.size === set.classes.length) return null;
  return {
    classes: ['benign', 'malignant'],
    labels: asMembers(set.labels, malignant),
    transformations: set.transformations,
    answers: set.answers.map((answers) => asMembers(answers, malignant)),
  };
}

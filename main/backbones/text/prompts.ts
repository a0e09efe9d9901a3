// The prompt ensemble that class embeddings are made from: a name for each class and templates to put it into.
// docs/METHODS.md, "Class order and prompts": embed each prompt, normalise, average over templates, normalise.
import { z } from 'zod';
import { DermOrbitError } from '../../contract/errors.ts';

const PLACE = '{}';

const templateSchema = z
  .string()
  .max(1000)
  .refine((template) => template.includes(PLACE), `a template needs ${PLACE} where the name goes`);

/** A prompt file: `{"names": {"MEL": "Melanoma"}, "templates": ["a photo of a {}."]}`. */
const promptFileSchema = z.strictObject({
  names: z.record(z.string().min(1).max(64), z.string().trim().min(1).max(1000)),
  templates: z.array(templateSchema).min(1).max(1000),
});
export type PromptFile = z.infer<typeof promptFileSchema>;

/** The reference's names and templates (METHODS.md). */
export const referencePrompts: PromptFile = {
  names: {
    MEL: 'Melanoma',
    NV: 'Nevus',
    BCC: 'Basal Cell Carcinoma',
    AKIEC: 'Actinic Keratosis',
    BKL: 'Benign Keratosis',
    DF: 'Dermatofibroma',
    VASC: 'Vascular Lesion',
  },
  templates: [
    'a photo of a {} skin lesion.',
    'a close-up photo of a {} lesion.',
    'a dermoscopic image of a {}.',
    'an image showing a {}.',
    'an example of a {}.',
  ],
};

/**
 * Reads a prompt file.
 * @param json its text
 * @throws DermOrbitError PROMPTS_INVALID with the place of the fault
 */
export function parsePrompts(json: string): PromptFile {
  let value: unknown;
  try {
    value = JSON.parse(json.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new DermOrbitError('PROMPTS_INVALID', 'The prompt file is not JSON.', { cause: error });
  }
  const parsed = promptFileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue && issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  throw new DermOrbitError('PROMPTS_INVALID', `${place}${issue?.message ?? 'not understood'}.`);
}

/**
 * The prompts of each class, in the order of the class codes.
 * @returns one row per class, one prompt per template
 * @throws DermOrbitError PROMPTS_INVALID if a class has no name
 */
export function expandPrompts(prompts: PromptFile, classes: readonly string[]): string[][] {
  const names = new Map(Object.entries(prompts.names));
  return classes.map((code) => {
    const name = names.get(code);
    if (name === undefined) {
      throw new DermOrbitError('PROMPTS_INVALID', `The prompts have no name for the class ${code}.`);
    }
    return prompts.templates.map((template) => template.replaceAll(PLACE, () => name));
  });
}

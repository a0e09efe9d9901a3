// The table of errors: the rows of all topics by their codes.
import { dataErrors } from './data.ts';
import { imageErrors } from './image.ts';
import { languageErrors } from './language.ts';
import { modelErrors } from './model.ts';
import type { ErrorText } from './text.ts';
import { trainingErrors } from './training.ts';
import { workErrors } from './work.ts';

/** The topics; their codes are distinct. */
export const errorTopics = [
  imageErrors,
  modelErrors,
  workErrors,
  dataErrors,
  trainingErrors,
  languageErrors,
] as const;

export const errorTexts = {
  ...imageErrors,
  ...modelErrors,
  ...workErrors,
  ...dataErrors,
  ...trainingErrors,
  ...languageErrors,
} as const satisfies Record<string, ErrorText>;

export type ErrorCode = keyof typeof errorTexts;

// What is worth saying of a picture that was classified all the same, in one table: code -> words. Records carry the
// codes; the window and the command line show the words. Depends on nothing.
import { z } from 'zod';

interface NoteText {
  /** A few words, for a table or a chip. */
  readonly title: string;
  /** One sentence. */
  readonly text: string;
}

const namedOtherwise = (label: string): NoteText => ({
  title: `${label} under another name`,
  text: `The content is ${label}, whatever the name says; it was read by its content.`,
});

export const noteTexts = {
  CONTENT_JPEG: namedOtherwise('JPEG'),
  CONTENT_PNG: namedOtherwise('PNG'),
  CONTENT_TIFF: namedOtherwise('TIFF'),
  CONTENT_WEBP: namedOtherwise('WebP'),
  CONTENT_BMP: namedOtherwise('BMP'),
  HEADER_REPAIRED: {
    title: 'Odd header',
    text: 'The header of the file is not as its standard asks, and was put right before decoding; every pixel is there.',
  },
  END_MISSING: {
    title: 'End marker missing',
    text: 'The last bytes of the file are missing, but every row of the picture is there.',
  },
  IMAGE_BLANK: {
    title: 'Blank picture',
    text: 'The picture is a single colour: there is nothing in it to classify.',
  },
  IMAGE_TWO_COLOURS: {
    title: 'Two-coloured picture',
    text: 'The picture has two colours only, as the mask of a lesion has: this is probably not a photograph.',
  },
} as const satisfies Record<string, NoteText>;

export type NoteCode = keyof typeof noteTexts;

export const noteCodeSchema = z.enum(Object.keys(noteTexts) as [NoteCode, ...NoteCode[]]);

// Errors, part of the one table of main/contract/errors.ts: images.
import type { ErrorText } from './text.ts';

export const imageErrors = {
  IMAGE_NOT_FOUND: {
    title: 'Image not found',
    action: 'Check the path, or whether the drive is still connected.',
  },
  IMAGE_UNREADABLE: {
    title: 'Image cannot be read',
    action: 'Check the permissions of the file and of its folder.',
  },
  IMAGE_EMPTY: {
    title: 'Empty file',
    action: 'Copy the image again from its source; this file holds no bytes.',
  },
  IMAGE_UNRECOGNISED: { title: 'Not an image', action: 'Choose a JPEG, PNG, TIFF, WebP or BMP file.' },
  // Files that hold a picture, or stand for one, and are not read: called by their name, with the way out
  IMAGE_HEIC: {
    title: 'HEIC image',
    action:
      'Export it as JPEG. For the next pictures, on an iPhone: Settings > Camera > Formats > Most Compatible.',
  },
  IMAGE_AVIF: { title: 'AVIF image', action: 'Open it in a browser or viewer and save it as PNG or JPEG.' },
  IMAGE_DICOM: {
    title: 'DICOM image',
    action: 'Export the picture from the DICOM viewer or archive as PNG or JPEG.',
  },
  IMAGE_GIF: { title: 'GIF image', action: 'Save it as PNG; better, export the original picture anew.' },
  IMAGE_JPEG_2000: { title: 'JPEG 2000 image', action: 'Save it as PNG or JPEG in an image viewer.' },
  IMAGE_JPEG_XL: { title: 'JPEG XL image', action: 'Save it as PNG or JPEG in an image viewer.' },
  IMAGE_RAW: {
    title: 'Camera raw image',
    action: 'Develop it in the camera maker’s software and export it as JPEG or TIFF.',
  },
  IMAGE_PHOTOSHOP: { title: 'Photoshop document', action: 'Export it from Photoshop as PNG or JPEG.' },
  IMAGE_VIDEO: { title: 'Video', action: 'Save the frame that shows the lesion best as PNG or JPEG.' },
  IMAGE_LFS_POINTER: {
    title: 'Git LFS pointer',
    action: 'Run "git lfs pull" where the images were cloned: this file only says where the image lies.',
  },
  IMAGE_HIDDEN: { title: 'Hidden file', action: 'Rename it without the dot in front if it is to be read.' },
  IMAGE_TRUNCATED: {
    title: 'Damaged image',
    action: 'Copy the image again from its source; part of it is missing.',
  },
  IMAGE_UNSUPPORTED: {
    title: 'Kind of image not read',
    action: 'Save it anew as PNG, or as a plain TIFF or JPEG, in an image viewer.',
  },
  IMAGE_TOO_LARGE: { title: 'Image too large', action: 'Export the image with at most 50 megapixels.' },
  NO_IMAGES: {
    title: 'No images found',
    action: 'Choose a folder that holds JPEG, PNG, TIFF, WebP or BMP files, or convert the images.',
  },
} as const satisfies Record<string, ErrorText>;

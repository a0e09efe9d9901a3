// Errors, part of the one table of main/contract/errors.ts: data sets.
import type { ErrorText } from './text.ts';

export const dataErrors = {
  DATASET_NOT_FOUND: {
    title: 'Data set not found',
    action: 'Check the paths of the images and of the labels, or whether the drive is still connected.',
  },
  DATASET_UNRECOGNISED: {
    title: 'Data set not recognised',
    action:
      'Rename the columns to image (the file) and label (the class); or give a folder per class, the table of ISIC, HAM10000, BCN20000, PAD-UFES-20 or Derm7pt, or the CIFAR-100 binary files.',
  },
  DATASET_PARTS: {
    title: 'A data set in several parts',
    action: 'Choose one of the parts, e.g. the folder train for training and the folder test for evaluation.',
  },
  DATASET_EMPTY: {
    title: 'No labelled images',
    action:
      'Check that the labels name the images of this folder and classes that the model has (melanoma or MEL, nevus or NV, ...).',
  },
  DATASET_TOO_LARGE: {
    title: 'Data set too large',
    action: 'Divide the data set into parts and evaluate each.',
  },
  CSV_EMPTY: { title: 'Empty CSV file', action: 'Export the table again; this file has no header row.' },
  CSV_ENCODING: { title: 'CSV is not UTF-8', action: 'Save the table as "CSV UTF-8".' },
  CSV_DELIMITER: {
    title: 'Columns are not separated by commas',
    action: 'Save the table with commas between the columns and points in the numbers.',
  },
  CSV_SYNTAX: { title: 'CSV not understood', action: 'Repair the quotation marks of the line named.' },
  CSV_TOO_LARGE: {
    title: 'CSV too large',
    action: 'Check that this is the right file; no table of labels or predictions is that large.',
  },
  CSV_ROW_LENGTH: {
    title: 'Row longer than the header',
    action: 'Give every row as many values as the header has columns.',
  },
  CSV_COLUMN_MISSING: { title: 'Missing column', action: 'Add the column to the header and to every row.' },
  CSV_COLUMN_EXTRA: { title: 'Unexpected column', action: 'Remove the column, or correct its name.' },
  CSV_COLUMN_DUPLICATE: { title: 'Column appears twice', action: 'Keep one of the columns of that name.' },
  CSV_COLUMN_ORDER: {
    title: 'Columns in another order',
    action: 'Put the columns in the order image,MEL,NV,BCC,AKIEC,BKL,DF,VASC.',
  },
  VALUE_MISSING: { title: 'Missing value', action: 'Give a number for every class of every image.' },
  VALUE_NOT_NUMBER: { title: 'Not a number', action: 'Write numbers with a decimal point, e.g. 0.25.' },
  VALUE_OUT_OF_RANGE: { title: 'Value out of range', action: 'Give values from 0 to 1.' },
  WEIGHT_INVALID: { title: 'Invalid weight', action: 'Give score and validation weights of 0 or more.' },
  IMAGE_NAME_MISSING: { title: 'Row without an image', action: 'Name the image in every row.' },
  IMAGE_DUPLICATE: { title: 'Image appears twice', action: 'Keep one row for each image.' },
  IMAGE_AMBIGUOUS: {
    title: 'Several files of one name',
    action: 'Keep one file for each image; the first in the order of paths is used.',
  },
  IMAGE_OUTSIDE_FOLDER: {
    title: 'Path leaves the folder',
    action: 'Put the images in one folder and name them by their paths inside it.',
  },
  IMAGE_LINK: { title: 'Link not followed', action: 'Put the image itself into the folder.' },
  IMAGE_WITHOUT_LABEL: {
    title: 'Image without a label',
    action: 'Add the image to the labels, or remove it.',
  },
  LABEL_WITHOUT_IMAGE: {
    title: 'Label without an image',
    action: 'Add the image file to the folder, or remove its row.',
  },
  LABEL_MISSING: { title: 'No class', action: 'Give the image exactly one class.' },
  LABEL_SEVERAL: { title: 'More than one class', action: 'Give the image exactly one class.' },
  LABEL_VALUE: {
    title: 'Label is neither 0 nor 1',
    action: 'Write 1.0 for the class and 0.0 for the others.',
  },
  LABEL_CONFLICT: {
    title: 'Image with two labels',
    action: 'Decide which row is right and remove the other.',
  },
  CLASS_UNKNOWN: {
    title: 'Unknown class',
    action: 'Correct the name of the class, or choose another model.',
  },
  CLASS_SYNONYM: {
    title: 'Class names read by their meaning',
    action:
      'Check that each is the class you mean; the codes themselves (MEL, NV, ...) are never read otherwise.',
  },
  CLASS_EMPTY: {
    title: 'Class without images',
    action: 'Figures of this class stay undefined; add images of it if you need them.',
  },
  LESIONS_UNKNOWN: {
    title: 'Lesions unknown',
    action: 'Give the lesion groupings; without them every image counts as a lesion of its own.',
  },
  LESION_CONFLICT: {
    title: 'Image with two lesions',
    action: 'Decide which row is right and remove the other.',
  },
  LESION_WITHOUT_IMAGE: {
    title: 'Lesion of an unknown image',
    action: 'Check that the lesion groupings belong to these images; their other rows are used.',
  },
  PREDICTION_MISSING: {
    title: 'Predictions missing',
    action: 'Give one row of predictions for every image of the truth.',
  },
  PREDICTION_EXTRA: {
    title: 'Predictions for unknown images',
    action: 'Remove the rows of images that the truth does not name.',
  },
  CIFAR_INVALID: {
    title: 'CIFAR-100 file damaged',
    action: 'Unpack cifar-100-binary.tar.gz again and choose its folder.',
  },
} as const satisfies Record<string, ErrorText>;

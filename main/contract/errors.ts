// Every failure a person can meet, in one table: code -> title and what to do. What happened, in the concrete
// case, is the message of the error. Depends on nothing.

interface ErrorText {
  /** A few words, shown as the heading. */
  readonly title: string;
  /** One sentence: what the person can do. */
  readonly action: string;
}

export const errorTexts = {
  // Images
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
  IMAGE_TOO_LARGE: { title: 'Image too large', action: 'Export the image with at most 50 megapixels.' },
  NO_IMAGES: {
    title: 'No images found',
    action: 'Choose a folder that holds JPEG, PNG, TIFF, WebP or BMP files, or convert the images.',
  },
  // Checkpoints
  CHECKPOINT_NOT_FOUND: { title: 'Checkpoint not found', action: 'Check the path of the checkpoint file.' },
  CHECKPOINT_UNRECOGNISED: {
    title: 'Not a checkpoint',
    action: 'Choose a CLIP checkpoint: TorchScript or state dict (.pt, .bin), or .safetensors.',
  },
  CHECKPOINT_TRUNCATED: { title: 'Damaged checkpoint', action: 'Download or copy the checkpoint again.' },
  CHECKPOINT_NOT_CLIP: {
    title: 'Not a CLIP model',
    action: 'Choose a CLIP checkpoint with a ResNet image tower (RN50, RN101, RN50x4, ...).',
  },
  CHECKPOINT_VIT: {
    title: 'CLIP with a vision transformer',
    action:
      'The feature-level methods need a ResNet image tower: choose RN50, RN101, RN50x4, RN50x16 or RN50x64.',
  },
  CHECKPOINT_SHAPE: {
    title: 'Tensor of the wrong shape',
    action: 'The checkpoint is damaged or not a CLIP ResNet; use the original file.',
  },
  CHECKPOINT_NOT_FINITE: {
    title: 'Weights are not numbers',
    action: 'The checkpoint holds NaN or infinite weights; use one from before training diverged.',
  },
  PICKLE_FORBIDDEN: {
    title: 'Checkpoint refused',
    action:
      'The file asks to run code on loading, which weights never need. Do not open it with other tools either.',
  },
  SAFETENSORS_INVALID: { title: 'Invalid safetensors file', action: 'Download or convert the file again.' },
  CLASS_EMBEDDINGS_INVALID: {
    title: 'Class embeddings do not fit',
    action:
      'Give a tensor `class_embeddings` of shape [embedding width, number of classes] made for this checkpoint.',
  },
  CLASS_EMBEDDINGS_NEEDED: {
    title: 'No class embeddings',
    action: 'This checkpoint has no text tower: give --class-embeddings FILE.safetensors.',
  },
  COMBINERS_INVALID: {
    title: 'Combiner weights do not fit',
    action: 'Give combiner weights trained for this image tower.',
  },
  PROMPTS_INVALID: {
    title: 'Prompt file not understood',
    action: 'Give JSON: {"names": {"MEL": "Melanoma", ...}, "templates": ["a photo of a {}."]}.',
  },
  CLASSES_INVALID: {
    title: 'Class list not understood',
    action: 'Give distinct class codes separated by commas, e.g. MEL,NV,BCC,AKIEC,BKL,DF,VASC.',
  },
  // Models
  MODEL_NOT_FOUND: {
    title: 'Model not found',
    action: 'List the installed models with: dermorbit models list.',
  },
  MODEL_EXISTS: {
    title: 'Model id is taken',
    action: 'Choose another --id, or remove the installed model first.',
  },
  MODEL_ID_INVALID: {
    title: 'Invalid model id',
    action:
      'Use lower-case letters, digits, "-" and "_"; at most 64 characters, starting with a letter or digit.',
  },
  MODEL_BUNDLED: { title: 'Bundled model', action: 'Models that come with DermOrbit cannot be removed.' },
  MANIFEST_INVALID: {
    title: 'Invalid model manifest',
    action: 'Remove the model and import it again; its manifest is damaged or from another version.',
  },
  MODEL_FILE_MISSING: {
    title: 'Model file missing',
    action: 'Remove the model and import it again; a file of its package is gone.',
  },
  MODEL_HASH_MISMATCH: {
    title: 'Model file was changed',
    action: 'Do not use this model: its bytes differ from its manifest. Remove it and import it again.',
  },
  MODEL_UNSAFE: {
    title: 'Model graph refused',
    action: 'Use a model package made by DermOrbit; this graph reaches outside itself.',
  },
  COMBINER_MISSING: {
    title: 'Model lacks this method',
    action: 'Choose another method, or import combiner weights with --combiners.',
  },
  EVIDENCE_UNAVAILABLE: {
    title: 'No evidence map',
    action: 'Choose a feature-level method with --inverse on: only these keep the frame of the image.',
  },
  // Settings
  PROVIDER_UNKNOWN: {
    title: 'Unknown provider',
    action: 'Use one of: auto, cuda, tensorrt, dml, webgpu, coreml, cpu.',
  },
  PROVIDER_UNAVAILABLE: {
    title: 'Provider not usable',
    action: 'Use --provider auto, or cpu, which works on every computer.',
  },
  OPTION_INVALID: { title: 'Option not understood', action: 'See --help for the values this option takes.' },
  REQUEST_INVALID: {
    title: 'Request not understood',
    action: 'Open DermOrbit again; if it happens once more, please report what you did.',
  },
  // Files and processes
  WRITE_FAILED: {
    title: 'Result cannot be written',
    action: 'Check free disk space and the permissions of the folder.',
  },
  DISK_FULL: {
    title: 'Disk is full',
    action: 'Free some space, then run again; nothing half-written was left behind.',
  },
  CANCELLED: { title: 'Cancelled', action: 'Run it again when you are ready.' },
  ENGINE_STOPPED: { title: 'The engine stopped', action: 'It was restarted; run the affected images again.' },
  JOB_STOPPED: {
    title: 'The job process stopped',
    action: 'Resume the job: what was measured or checkpointed is kept, and it goes on from there.',
  },
  JOB_RUNNING: {
    title: 'Another job is running',
    action: 'Wait until it has ended, or cancel it first.',
  },
  JOB_UNKNOWN: {
    title: 'Job not known',
    action: 'Start it again; what was measured or checkpointed is kept.',
  },
  EVALUATION_NOT_FOUND: {
    title: 'Evaluation not found',
    action: 'Run the evaluation again; its files are gone.',
  },
  EVALUATION_INVALID: {
    title: 'Evaluation cannot be read',
    action: 'Remove it and run the evaluation again; its files are damaged or from another version.',
  },
  EVALUATION_OLDER: {
    title: 'Not kept with this evaluation',
    action: 'Run the evaluation again to see these images; its figures stay as they are.',
  },
  OUT_OF_MEMORY: { title: 'Out of memory', action: 'Close other programs, or choose a smaller model.' },
  INFERENCE_FAILED: {
    title: 'Inference failed',
    action: 'Try --provider cpu; if it fails there too, verify the model.',
  },
  INTERNAL: { title: 'Unexpected error', action: 'Please report this with the message and what you did.' },
  // Data sets
  DATASET_NOT_FOUND: {
    title: 'Data set not found',
    action: 'Check the paths of the images and of the labels, or whether the drive is still connected.',
  },
  DATASET_UNRECOGNISED: {
    title: 'Data set not recognised',
    action:
      'Give an ISIC ground-truth CSV, the HAM10000 metadata, a CSV with the columns path,label, a folder per class, or the CIFAR-100 binary files.',
  },
  DATASET_EMPTY: {
    title: 'No labelled images',
    action: 'Check that the labels name the images of this folder.',
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
  // Training
  CLASS_WITHOUT_TRAINING_IMAGES: {
    title: 'Class without training images',
    action:
      'Add images of the class, or pass --allow-missing-classes: the model then hardly ever answers with it.',
  },
  SPLIT_EMPTY: {
    title: 'Nothing left to learn from or to validate with',
    action: 'Give more images, another --validation-share, or --validation-images.',
  },
  LESION_ON_BOTH_SIDES: {
    title: 'Lesion in training and validation',
    action: 'Nothing to do: the training images of these lesions are left out.',
  },
  IMAGE_ON_BOTH_SIDES: {
    title: 'Same image in training and validation',
    action: 'Nothing to do: these training images are left out.',
  },
  CACHE_MISMATCH: {
    title: 'Orbit cache of something else',
    action: 'Choose another --cache file, or delete this one; it is made again.',
  },
  CACHE_INVALID: {
    title: 'Not an orbit cache',
    action: 'Choose another --cache file; this one was not written by this version of DermOrbit.',
  },
  CACHE_IN_USE: {
    title: 'Orbit cache is in use',
    action: 'Wait until the other training has ended, or choose another --cache file.',
  },
  CACHE_NOT_FOUND: {
    title: 'Cache not found',
    action: 'List the caches with: dermorbit train caches.',
  },
  CACHE_DAMAGED: {
    title: 'Orbit cache is damaged',
    action: 'Run again: damaged records are found at the start and made again. Check the disk.',
  },
  RUN_EXISTS: {
    title: 'Training run exists',
    action: 'Go on with it by --resume, or choose another --run folder.',
  },
  RUN_MISMATCH: {
    title: 'Training run with other settings',
    action: 'Resume with the settings and data of its config.json, or choose another --run folder.',
  },
  REPRODUCTION_CLASSES: {
    title: 'Model with other classes than the data set',
    action: 'Import the checkpoint with the classes of the data set; the message has the command.',
  },
  RUN_NOT_FOUND: {
    title: 'Training run not found',
    action: 'Start it anew: its folder is gone, or does not say what it was asked for.',
  },
  TRAINING_CHECKPOINT_VERSION: {
    title: 'Checkpoint of another version',
    action: 'Finish the run with the version of DermOrbit that began it, or start it anew.',
  },
  TRAINING_CHECKPOINT_DAMAGED: {
    title: 'Training checkpoint is damaged',
    action: 'Start the run anew in another --run folder, and check the disk.',
  },
  TRAINING_DIVERGED: {
    title: 'Training diverged',
    action: 'Lower --learning-rate or set --clip, and resume: the last good state was kept.',
  },
  TRAINING_UNSUPPORTED: {
    title: 'Model cannot be trained',
    action: 'Use a model that this version of DermOrbit imported.',
  },
} as const satisfies Record<string, ErrorText>;

export type ErrorCode = keyof typeof errorTexts;

/** An error as plain data: what crosses a process border and stands in records. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly title: string;
  /** What happened, in this case. */
  readonly message: string;
  /** What the person can do. */
  readonly action: string;
}

/** The one error class of the product. `message` says what happened; title and action come from the table. */
export class DermOrbitError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DermOrbitError';
    this.code = code;
  }

  get title(): string {
    return errorTexts[this.code].title;
  }

  get action(): string {
    return errorTexts[this.code].action;
  }

  toRecord(): ErrorRecord {
    return { code: this.code, title: this.title, message: this.message, action: this.action };
  }

  static fromRecord(record: ErrorRecord): DermOrbitError {
    return new DermOrbitError(record.code, record.message);
  }
}

/** Any thrown value as a DermOrbitError: ours unchanged, aborts as CANCELLED, full disks as DISK_FULL. */
export function asDermOrbitError(thrown: unknown, fallback: ErrorCode = 'INTERNAL'): DermOrbitError {
  if (thrown instanceof DermOrbitError) return thrown;
  if (thrown instanceof Error) {
    if (thrown.name === 'AbortError')
      return new DermOrbitError('CANCELLED', 'The work was cancelled.', { cause: thrown });
    if ('code' in thrown && (thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT')) {
      return new DermOrbitError('DISK_FULL', thrown.message, { cause: thrown });
    }
    return new DermOrbitError(fallback, thrown.message, { cause: thrown });
  }
  return new DermOrbitError(fallback, String(thrown));
}

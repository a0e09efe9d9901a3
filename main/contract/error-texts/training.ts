// Errors, part of the one table of main/contract/errors.ts: training.
import type { ErrorText } from './text.ts';

export const trainingErrors = {
  CLASS_WITHOUT_TRAINING_IMAGES: {
    title: 'Class without training images',
    action: {
      app: 'Add images of the class, or agree to train without it: the model then hardly ever answers with it.',
      cli: 'Add images of the class, or pass --allow-missing-classes: the model then hardly ever answers with it.',
    },
  },
  SPLIT_EMPTY: {
    title: 'Nothing left to learn from or to validate with',
    action: {
      app: 'Choose more images, another share for validation, or validation images of their own.',
      cli: 'Give more images, another --validation-share, or --validation-images.',
    },
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
    action: {
      app: 'Remove it in the list of cached images; it is made again.',
      cli: 'Choose another --cache file, or delete this one; it is made again.',
    },
  },
  CACHE_INVALID: {
    title: 'Not an orbit cache',
    action: {
      app: 'Delete the file that the message names; it is made again.',
      cli: 'Choose another --cache file; this one was not written by this version of DermOrbit.',
    },
  },
  CACHE_IN_USE: {
    title: 'Orbit cache is in use',
    action: {
      app: 'Wait until the other training on this computer has ended, then resume.',
      cli: 'Wait until the other training has ended, or choose another --cache file.',
    },
  },
  CACHE_NOT_FOUND: {
    title: 'Cache not found',
    action: {
      app: 'Look at the list of caches again: it may have been removed already.',
      cli: 'List the caches with: dermorbit train caches.',
    },
  },
  CACHE_DAMAGED: {
    title: 'Orbit cache is damaged',
    action: 'Run again: damaged records are found at the start and made again. Check the disk.',
  },
  RUN_EXISTS: {
    title: 'Training run exists',
    action: {
      app: 'Resume or remove the run of this name in the list of runs, or choose another name.',
      cli: 'Go on with it by --resume, or choose another --run folder.',
    },
  },
  RUN_MISMATCH: {
    title: 'Training run with other settings',
    action: {
      app: 'The images or the model are not those the run began with. Bring them back, or start a new run.',
      cli: 'Resume with the settings and data of its config.json, or choose another --run folder.',
    },
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
    action: {
      app: 'Remove the run and start it anew, and check the disk.',
      cli: 'Start the run anew in another --run folder, and check the disk.',
    },
  },
  TRAINING_DIVERGED: {
    title: 'Training diverged',
    action: {
      app: 'Resume with a smaller learning rate, or with gradient clipping: the last good state was kept.',
      cli: 'Lower --learning-rate or set --clip, and resume: the last good state was kept.',
    },
  },
  TRAINING_UNSUPPORTED: {
    title: 'Model cannot be trained',
    action: 'Use a model that this version of DermOrbit imported.',
  },
} as const satisfies Record<string, ErrorText>;

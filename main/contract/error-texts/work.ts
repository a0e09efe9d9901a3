// Errors, part of the one table of main/contract/errors.ts: settings, files and processes.
import type { ErrorText } from './text.ts';

export const workErrors = {
  // Settings
  PROVIDER_UNKNOWN: {
    title: 'Unknown provider',
    action: {
      app: 'Choose another provider on the Models screen.',
      cli: 'Use one of: auto, cuda, tensorrt, dml, webgpu, coreml, cpu.',
    },
  },
  PROVIDER_UNAVAILABLE: {
    title: 'Provider not usable',
    action: {
      app: 'Choose the provider Automatic on the Models screen, or CPU, which works on every computer.',
      cli: 'Use --provider auto, or cpu, which works on every computer.',
    },
  },
  OPTION_INVALID: {
    title: 'Option not understood',
    action: {
      app: 'Choose another value for the setting that the message names.',
      cli: 'See --help for the values this option takes.',
    },
  },
  REQUEST_INVALID: {
    title: 'Request not understood',
    action: {
      app: 'Open DermOrbit again; if it happens once more, please report what you did.',
      cli: 'Run the command again; if it happens once more, please report what you did.',
    },
  },
  // Files and processes
  WRITE_FAILED: {
    title: 'Result cannot be written',
    action: 'Check free disk space and the permissions of the folder.',
  },
  DISK_FULL: {
    title: 'Disk is full',
    action: {
      app: 'Free some space, then run or resume it again; nothing half-written was left behind.',
      cli: 'Free some space, then run again; nothing half-written was left behind.',
    },
  },
  CANCELLED: { title: 'Cancelled', action: 'Run it again when you are ready.' },
  OUTPUT_DISK_FULL: {
    title: 'Disk is full',
    action: 'The output that was redirected is incomplete: delete it, free some space and run again.',
  },
  ENGINE_STOPPED: {
    title: 'The engine stopped',
    action: {
      app: 'It is started again; run the affected images again.',
      cli: 'Run it again; if it stops at the same image, leave that one out.',
    },
  },
  ENGINE_ABSENT: {
    title: 'The engine does not start',
    action: {
      app: 'Restart it with the button in the status bar; images that were not classified stay in the list.',
      cli: 'Run it again; if it happens once more, free some memory or install DermOrbit anew.',
    },
  },
  ENGINE_OVERSTAYED: {
    title: 'The engine did not answer',
    action: {
      app: 'It was ended and started again. Leave this image out, or choose the provider CPU on the Models screen.',
      cli: 'Leave this image out, or try --provider cpu.',
    },
  },
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
  OUT_OF_MEMORY: {
    title: 'Out of memory',
    action: {
      app: 'Close other programs, or choose a smaller model or a group with fewer orientations.',
      cli: 'Close other programs, or choose a smaller model or a group with fewer orientations (where a command has --batch, a smaller one helps too).',
    },
  },
  COMMAND_LINE_TOO_LONG: {
    title: 'Command line too long',
    action: 'Name a folder instead of thousands of files.',
  },
  INFERENCE_FAILED: {
    title: 'Inference failed',
    action: {
      app: 'Choose the provider CPU on the Models screen; if it fails there too, check the files of the model.',
      cli: 'Try --provider cpu; if it fails there too, verify the model.',
    },
  },
  INTERNAL: { title: 'Unexpected error', action: 'Please report this with the message and what you did.' },
} as const satisfies Record<string, ErrorText>;

// The rooms of the house: where a file of main/ or renderer/ may run and what it may import. ESLint enforces this table,
// and docs/ARCHITECTURE.md shows it (a test compares).

/**
 * Where a room's files may run. `common` is pure (no file system, no electron, no inference runtime, no page) and may be
 * imported from everywhere, the page included; `main` is everything with files, sessions and processes; `renderer` is
 * the page, which imports common rooms and its own.
 */
export type Environment = 'common' | 'main' | 'renderer';

interface Room {
  readonly environment: Environment;
  readonly holds: string;
  /** Rooms of main/ that it may import beside itself. */
  readonly imports: readonly string[];
}

const common = ['contract', 'groups', 'onnx', 'autodiff', 'equivariance'] as const;

export const rooms: Readonly<Record<string, Room>> = {
  groups: {
    environment: 'common',
    holds: 'finite groups on a square grid, their action',
    imports: [],
  },
  contract: {
    environment: 'common',
    holds: 'what crosses a process border: schemas, types, error codes',
    imports: ['groups'],
  },
  onnx: {
    environment: 'common',
    holds: 'an ONNX model as data: build, read, write, prune',
    imports: [],
  },
  autodiff: {
    environment: 'common',
    holds: 'gradient rules per ONNX operator',
    imports: ['onnx'],
  },
  equivariance: {
    environment: 'common',
    holds: 'the methods table, settings, heads, evidence: pure functions on arrays',
    imports: ['contract', 'groups', 'onnx'],
  },
  words: {
    environment: 'common',
    holds: 'names, numbers and sentences as people read them, on every surface',
    imports: ['contract', 'groups', 'equivariance'],
  },
  calibration: {
    environment: 'common',
    holds: 'logits -> probabilities by a prior, prediction sets, and how both are fitted',
    imports: ['contract', 'equivariance'],
  },
  plots: {
    environment: 'common',
    holds: 'where each mark of a plot lies: the same for page and reports',
    imports: [],
  },
  rpc: {
    environment: 'common',
    holds: 'tables of operations over any transport: calling, serving, dispatching',
    imports: ['contract'],
  },
  base: {
    environment: 'main',
    holds: 'what every room needs: supervised processes, whose a lock or folder is, durable files',
    imports: ['contract', 'rpc'],
  },
  backbones: {
    environment: 'main',
    holds: 'kinds of networks: checkpoint -> tensors -> graphs; tokenizer, prompts',
    imports: ['contract', 'base', 'groups', 'onnx'],
  },
  imaging: {
    environment: 'main',
    holds: 'files -> pixels -> tensors, and pictures for people',
    imports: ['contract', 'base'],
  },
  engine: {
    environment: 'main',
    holds: 'ONNX Runtime sessions, providers, model store, predictions; in-process or as a process',
    imports: [
      'contract',
      'rpc',
      'base',
      'groups',
      'onnx',
      'backbones',
      'equivariance',
      'calibration',
      'imaging',
    ],
  },
  evaluation: {
    environment: 'main',
    holds: 'labelled sets, metrics, robustness, stored evaluations, selections of images',
    imports: ['contract', 'base', 'groups', 'equivariance', 'calibration', 'imaging', 'engine'],
  },
  training: {
    environment: 'main',
    holds: 'training graphs, orbit cache, runs and their checkpoints, reproduction of papers',
    imports: [...common, 'base', 'backbones', 'imaging', 'engine', 'evaluation'],
  },
  language: {
    environment: 'main',
    holds: 'language models: the group on words, fair methods, import, generation, experiments',
    imports: [...common, 'base', 'backbones', 'engine', 'evaluation'],
  },
  reports: {
    environment: 'main',
    holds: 'CSV, JSON, HTML',
    imports: ['contract', 'words', 'plots', 'base', 'equivariance', 'imaging'],
  },
  jobs: {
    environment: 'main',
    holds: 'evaluation and training as jobs, in a process of their own; the jobs of a session',
    imports: ['contract', 'rpc', 'base', 'equivariance', 'engine', 'evaluation', 'training'],
  },
  services: {
    environment: 'main',
    holds: 'the application behind both surfaces: work list, settings, exports',
    imports: [
      ...['contract', 'groups', 'equivariance', 'rpc', 'base', 'imaging', 'engine', 'evaluation'],
      'training',
      ...['jobs', 'reports'],
    ],
  },
  host: {
    environment: 'main',
    holds: 'the app on loopback for a browser',
    imports: ['contract', 'base', 'services'],
  },
  electron: {
    environment: 'main',
    holds: 'window, preload, protocol, IPC; the only room that imports electron',
    imports: ['contract', 'base', 'services', 'host'],
  },
  cli: {
    environment: 'main',
    holds: 'one file per command',
    imports: [
      ...[
        'contract',
        'groups',
        'onnx',
        'equivariance',
        'calibration',
        'words',
        'base',
        'backbones',
        'imaging',
        'engine',
      ],
      ...['evaluation', 'training', 'language', 'reports', 'jobs', 'services', 'host'],
    ],
  },
};

/** Rooms that the page may import. */
export const commonRooms = Object.keys(rooms).filter((name) => rooms[name]!.environment === 'common');

/** The table as docs/ARCHITECTURE.md shows it: cells of each row, the header first. */
export function roomsTable(): string[][] {
  return [
    ['room of main/', 'environment', 'holds', 'may import'],
    ...Object.entries(rooms).map(([name, { environment, holds, imports }]) => [
      `${name}/`,
      environment,
      holds,
      imports.length === 0 ? '-' : imports.join(', '),
    ]),
  ];
}

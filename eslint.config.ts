// ESLint: TypeScript strict rules, and the layer rules of docs/ARCHITECTURE.md as lint errors.
// Each row of `rooms` names a folder of main/ and the rooms it may import; everything else is refused.
import type { Linter } from 'eslint';
import { defineConfig, globalIgnores } from 'eslint/config';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/** What each room of main/ may import from its sisters. A room that is absent here may import nothing. */
const rooms: Record<string, readonly string[]> = {
  contract: [],
  groups: [],
  onnx: [],
  autodiff: ['onnx'],
  backbones: ['contract', 'base', 'groups', 'onnx'],
  equivariance: ['contract', 'groups', 'onnx'],
  imaging: ['contract', 'base'],
  base: ['contract'],
  engine: ['contract', 'base', 'groups', 'onnx', 'backbones', 'equivariance', 'imaging'],
  training: [
    'contract',
    'base',
    'groups',
    'onnx',
    'autodiff',
    'backbones',
    'equivariance',
    'imaging',
    'engine',
    'evaluation',
  ],
  evaluation: ['contract', 'base', 'groups', 'equivariance', 'imaging', 'engine'],
  reports: ['contract', 'base', 'equivariance', 'imaging'],
  jobs: ['contract', 'base', 'equivariance', 'engine', 'evaluation', 'training'],
  services: [
    'contract',
    'base',
    'groups',
    'equivariance',
    'imaging',
    'engine',
    'evaluation',
    'jobs',
    'training',
    'reports',
  ],
  host: ['contract', 'base', 'services'],
  electron: ['contract', 'base', 'services', 'host'],
  cli: [
    'contract',
    'base',
    'groups',
    'onnx',
    'backbones',
    'equivariance',
    'imaging',
    'engine',
    'training',
    'evaluation',
    'reports',
    'jobs',
    'host',
    'services',
  ],
};

/** Rooms of pure functions: no process, no disk, no inference runtime. */
const pure = new Set(['contract', 'groups', 'onnx', 'autodiff', 'equivariance']);
const impureModules = ['electron', 'onnxruntime-node', 'sharp', 'node:*', 'fs', 'path', 'child_process'];

const layerRules = Object.keys(rooms).map((room) => {
  const refused = Object.keys(rooms).filter((other) => other !== room && !rooms[room]?.includes(other));
  const patterns: { group: string[]; message: string }[] = [];
  if (refused.length > 0) {
    patterns.push({
      group: refused.flatMap((other) => [
        `../${other}/*`,
        `../../${other}/*`,
        `../${other}/**`,
        `../../${other}/**`,
        `../../../${other}/**`,
      ]),
      message: `main/${room} may not import this room (see "rooms" in eslint.config.ts).`,
    });
  }
  if (pure.has(room)) {
    patterns.push({
      group: impureModules,
      message: `main/${room} is pure: no electron, file system or onnxruntime.`,
    });
  } else if (room !== 'electron') {
    patterns.push({ group: ['electron', 'electron/*'], message: 'Only main/electron may import electron.' });
  }
  return {
    files: [`main/${room}/**/*.ts`],
    ignores: ['**/*.test.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns }] satisfies Linter.RuleEntry },
  };
});

export default defineConfig(
  globalIgnores(['dist/', 'node_modules/', 'coverage/', 'playwright-report/', 'test-results/', '**/*_pb.ts']),
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.node },
      parserOptions: { projectService: true, extraFileExtensions: ['.svelte'] },
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Typed-array loops are the hot path; a non-null assertion after a bounds-checked loop is clearer there.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/prefer-for-of': 'off',
    },
  },
  {
    files: ['renderer/**/*.{ts,svelte}'],
    languageOptions: { globals: { ...globals.browser }, parserOptions: { parser: tseslint.parser } },
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['electron', 'node:*', 'onnxruntime-node', 'sharp'],
              message: 'The renderer is a plain web page.',
            },
            {
              regex: 'main/(?!contract/)',
              message: 'The renderer imports main/contract and nothing else of main/.',
            },
          ],
        },
      ],
    },
  },
  ...layerRules,
);

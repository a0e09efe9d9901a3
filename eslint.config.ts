// ESLint: TypeScript strict rules, and the layer rules of docs/ARCHITECTURE.md as lint errors.
// The rooms, their environments and what they may import are the table of scripts/rooms.ts; everything else is refused.
import type { Linter } from 'eslint';
import { defineConfig, globalIgnores } from 'eslint/config';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import tseslint from 'typescript-eslint';
import { commonRooms, rooms } from './scripts/rooms.ts';

const impureModules = ['electron', 'onnxruntime-node', 'sharp', 'node:*', 'fs', 'path', 'child_process'];

const layerRules = Object.keys(rooms).map((room) => {
  const refused = Object.keys(rooms).filter(
    (other) => other !== room && !rooms[room]?.imports.includes(other),
  );
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
      message: `main/${room} may not import this room (see scripts/rooms.ts).`,
    });
  }
  if (rooms[room]?.environment === 'common') {
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
  globalIgnores([
    'dist/',
    'node_modules/',
    'coverage/',
    'playwright-report/',
    'test-results/',
    '.stryker-tmp/',
    '**/*_pb.ts',
  ]),
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
              regex: `main/(?!(${commonRooms.join('|')})/)`,
              message:
                'The renderer imports the common rooms and nothing else of main/ (see scripts/rooms.ts).',
            },
          ],
        },
      ],
    },
  },
  ...layerRules,
);

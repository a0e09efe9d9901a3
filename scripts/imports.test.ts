import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { circlesOf, readImports } from './imports.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

it('no files of the product import one another around a circle, types included', () => {
  const graph = readImports(root, ['main', 'renderer', 'scripts', 'e2e', 'assets']);
  expect(graph.size).toBeGreaterThan(300);
  expect(circlesOf(graph)).toEqual([]);
});

it('finds circles of two and of more, and files that import themselves; a diamond is none', () => {
  const graph = new Map([
    ['a', ['b', 'c']],
    ['b', ['d']],
    ['c', ['d']],
    ['d', []],
    ['e', ['f']],
    ['f', ['g', 'd']],
    ['g', ['e']],
    ['h', ['h']],
  ]);
  expect(circlesOf(graph)).toEqual([['e', 'f', 'g'], ['h']]);
});

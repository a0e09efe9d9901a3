// Which file of the product imports which: of TypeScript and Svelte files, type imports included, by their text.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** Files by their paths from the repository's root, and the files that each imports. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

const importing = /(?:\bfrom|\bimport)\s*\(?\s*'(\.{1,2}\/[^']+)'/g;

/** @param folders from the root, e.g. `main` */
export function readImports(root: string, folders: readonly string[]): ImportGraph {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((file) => join(folder, file))
      .filter((file) => /\.(ts|svelte)$/.test(file)),
  );
  const known = new Set(files);
  return new Map(
    files.sort().map((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      const imported = [...text.matchAll(importing)].map((match) =>
        normalize(join(dirname(file), match[1]!)),
      );
      return [file, [...new Set(imported)].filter((other) => known.has(other))];
    }),
  );
}

/**
 * Files that import one another around a circle: the strongly connected components of more than one file, and files
 * that import themselves. Source: Tarjan 1972.
 */
export function circlesOf(graph: ImportGraph): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): number => {
    const number = order.size;
    order.set(file, number);
    lowest.set(file, number);
    open.push(file);
    for (const other of graph.get(file) ?? []) {
      const reached = order.has(other) ? (open.includes(other) ? order.get(other)! : number) : visit(other);
      lowest.set(file, Math.min(lowest.get(file)!, reached));
    }
    if (lowest.get(file) === number) {
      const circle = open.splice(open.indexOf(file));
      if (circle.length > 1 || graph.get(file)?.includes(file)) circles.push(circle.sort());
    }
    return lowest.get(file)!;
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return circles;
}

import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { rooms, roomsTable } from './rooms.ts';

const root = new URL('..', import.meta.url);

it('every room of main/ has a row, and every row a room', () => {
  const folders = readdirSync(new URL('main', root), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'testing')
    .map((entry) => entry.name);
  expect(Object.keys(rooms).sort()).toEqual(folders.sort());
});

it('docs/ARCHITECTURE.md shows the table that lint enforces', () => {
  const document = readFileSync(new URL('docs/ARCHITECTURE.md', root), 'utf8');
  const shown = document.split('\n').filter((line) => line.startsWith('|'));
  const cells = shown.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  const first = cells.findIndex((row) => row[0] === 'room of main/');
  const [header, ...rows] = roomsTable();
  expect(cells[first]).toEqual(header);
  expect(cells.slice(first + 2, first + 2 + rows.length)).toEqual(rows);
});

it('what a room imports may run where it runs, and there is no way around to itself', () => {
  for (const [name, { environment, imports }] of Object.entries(rooms)) {
    for (const other of imports) {
      if (environment === 'common') expect(rooms[other]!.environment, `${name} -> ${other}`).toBe('common');
      expect(reachable(other), `${name} -> ${other} -> ${name}`).not.toContain(name);
    }
  }
});

function reachable(name: string): string[] {
  return [name, ...rooms[name]!.imports.flatMap(reachable)];
}

import { expect, it, vi } from 'vitest';
import { temporaryFolder } from '../evaluation/testing/sets.ts';
import { readHostOptions } from './options.ts';

it('has defaults, and takes folders that exist', () => {
  expect(readHostOptions([])).toEqual({ port: 0, browser: true, data: [] });
  const folders = [temporaryFolder({}), temporaryFolder({})] as const;
  const args = ['--port', '8123', '--no-browser', '--data', folders[0], '--data', folders[1]];
  expect(readHostOptions(args)).toEqual({ port: 8123, browser: false, data: folders });
});

it.each([0, 1, 65_535])('port %i is one', (port) => {
  expect(readHostOptions(['--port', String(port)]).port).toBe(port);
});

it.each([
  ['help', ['--help'], 0, /--data <folder>/],
  ['a folder that is not there', ['--data', '/nowhere/at/all'], 1, /no such folder/],
  ['a port that is none', ['--port', '99999'], 1, /from 0 to 65535/],
  ['the number after the last port', ['--port', '65536'], 1, /from 0 to 65535/],
  ['a negative port', ['--port=-1'], 1, /from 0 to 65535/],
  ['half a port', ['--port', '80.5'], 1, /from 0 to 65535/],
  ['a port in words', ['--port', 'any'], 1, /from 0 to 65535/],
  ['an empty port', ['--port', ''], 1, /from 0 to 65535/],
  ['a file in the place of a folder', ['--data', import.meta.filename], 1, /no such folder/],
  ['an option that is none', ['--prot', '1'], 1, /unknown option '--prot'/],
  ['an argument', ['photos'], 1, /too many arguments/],
])('%s: says so and ends', (_name, args, code, text) => {
  let printed = '';
  const print = (chunk: unknown) => {
    printed += String(chunk);
    return true;
  };
  const streams = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation(print),
  );
  const exit = vi.spyOn(process, 'exit').mockImplementation((status) => {
    throw new Error(`exit ${status ?? 0}`);
  });
  try {
    expect(() => readHostOptions(args)).toThrow(`exit ${code}`);
    expect(printed).toMatch(text);
  } finally {
    for (const spy of [...streams, exit]) spy.mockRestore();
  }
});

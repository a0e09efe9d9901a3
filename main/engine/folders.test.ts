import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dataFolder } from './folders.ts';

it('application data lie where DERMORBIT_HOME says', () => {
  expect(dataFolder({ DERMORBIT_HOME: join('some', 'where') })).toBe(join('some', 'where'));
});

it('an empty DERMORBIT_HOME is none: nothing is written into the folder one happens to be in', () => {
  expect(dataFolder({ DERMORBIT_HOME: '' })).toBe(dataFolder({}));
  expect(dataFolder({})).toMatch(/dermorbit/i);
});

it.skipIf(process.platform !== 'linux')(
  'a DERMORBIT_HOME that is no place for files is refused at once',
  () => {
    for (const home of ['/proc/self', '/proc', '/sys/kernel']) {
      expect(() => dataFolder({ DERMORBIT_HOME: home })).toThrow(/keeps no files/);
    }
    expect(dataFolder({ DERMORBIT_HOME: '/process/home' })).toBe('/process/home');
  },
);

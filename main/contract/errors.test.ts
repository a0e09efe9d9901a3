import { describe, expect, it } from 'vitest';
import { errorTexts, errorTopics, type ErrorCode } from './error-texts/table.ts';
import type { ErrorReader } from './error-texts/text.ts';
import { asDermOrbitError, DermOrbitError, nextStep } from './errors.ts';

const codes = Object.keys(errorTexts) as ErrorCode[];

/** What belongs to a terminal: an option, a command, the name of a file of options. */
const terminalWords = /(^|[\s"'`(])--?[a-z][a-z-]+|\bdermorbit [a-z]+|\bcommand line\b/;

describe.each<ErrorReader>(['app', 'cli'])('the table of errors, read in the %s', (reader) => {
  it.each(codes)('%s says what to do, in a sentence', (code) => {
    expect(nextStep({ code }, reader)).toMatch(/^[A-Z].{10,}\.$/);
    expect(errorTexts[code].title).toMatch(/^[A-Z].*[^.]$/);
  });
});

it.each(codes)('%s sends nobody from the app to a terminal', (code) => {
  expect(nextStep({ code }, 'app')).not.toMatch(terminalWords);
});

it('sees a flag where there is one', () => {
  expect(nextStep({ code: 'PROVIDER_UNAVAILABLE' }, 'cli')).toMatch(terminalWords);
  expect(nextStep({ code: 'MODEL_NOT_FOUND' }, 'cli')).toMatch(terminalWords);
});

it('gives every code one row', () => {
  const rows = errorTopics.flatMap((topic) => Object.keys(topic));
  expect(rows.length).toBe(new Set(rows).size);
  expect(rows.toSorted()).toEqual(codes.toSorted());
});

describe('a record of an error', () => {
  it('carries what happened, and leaves the advice to the surface that shows it', () => {
    const record = new DermOrbitError('IMAGE_EMPTY', 'a.jpg holds no bytes.').toRecord();
    expect(record).toEqual({ code: 'IMAGE_EMPTY', title: 'Empty file', message: 'a.jpg holds no bytes.' });
    expect(DermOrbitError.fromRecord(record)).toMatchObject({ code: 'IMAGE_EMPTY', message: record.message });
  });

  it('is CANCELLED for an abort and DISK_FULL for a full disk', () => {
    expect(asDermOrbitError(new DOMException('', 'AbortError')).code).toBe('CANCELLED');
    expect(asDermOrbitError(Object.assign(new Error('full'), { code: 'ENOSPC' })).code).toBe('DISK_FULL');
  });
});

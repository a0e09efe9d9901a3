// Names of classes in every form that files have them.
import { describe, expect, it } from 'vitest';
import { namedClasses, namesIn, type NameSources } from './class-names.ts';

const three = ['melanoma', 'nevus', 'wart'];

describe('names in a text', () => {
  it.each([
    ['a JSON list', '["melanoma", "nevus", "wart"]'],
    ['a JSON object by place', '{"0": "melanoma", "1": "nevus", "2": "wart"}'],
    ['a JSON object by name', '{"nevus": 1, "melanoma": 0, "wart": 2}'],
    ['an object with the list inside', '{"version": 2, "classes": ["melanoma", "nevus", "wart"]}'],
    ["Python's dict", "{0: 'melanoma', 1: 'nevus', 2: 'wart'}"],
    ["Python's list", "['melanoma', 'nevus', 'wart',]"],
    ['lines', 'melanoma\nnevus\r\nwart\n'],
    ['numbered lines', '0 melanoma\n1 nevus\n2: wart'],
    ['commas', 'melanoma, nevus,wart'],
  ])('%s', (_, text) => {
    expect(namesIn(text)).toEqual(three);
  });

  it.each([['{"0": "melanoma", "2": "wart"}'], ['[1, 2]'], ['{broken'], ['one'], ['']])(
    'none in %s',
    (text) => {
      expect(namesIn(text)).toBeNull();
    },
  );
});

describe('names of a classifier', () => {
  const nothing: NameSources = {
    ...{
      given: undefined,
      map: undefined,
      labels: null,
      config: null,
      metadata: new Map(),
      graph: undefined,
    },
  };

  it('a person counts before files, and files before the graph', () => {
    const metadata = new Map([['names', "{0: 'x', 1: 'y'}"]]);
    const all = { ...nothing, labels: 'p,q', metadata, graph: ['v', 'w'] };
    expect(namedClasses({ ...all, given: ['a', 'b'] }, 2)).toEqual({ classes: ['a', 'b'], assumed: null });
    expect(namedClasses(all, 2).classes).toEqual(['p', 'q']);
    expect(namedClasses({ ...all, labels: null }, 2).classes).toEqual(['x', 'y']);
    expect(namedClasses({ ...nothing, graph: ['v', 'w'] }, 2).classes).toEqual(['v', 'w']);
  });

  it.each([
    ['no names', nothing, 3, 'CLASSES_NEEDED'],
    ['too few names', { ...nothing, given: ['a', 'b'] }, 3, 'CLASSES_INVALID'],
    ['a name twice', { ...nothing, given: ['a', 'a'] }, 2, 'CLASSES_INVALID'],
    ['two classes as one', { ...nothing, given: ['a', 'b'], map: 'a=MEL,b=MEL' }, 2, 'CLASSES_INVALID'],
    ['a table with an unknown name', { ...nothing, given: ['a', 'b'], map: 'c=MEL' }, 2, 'OPTION_INVALID'],
    ['a table that is none', { ...nothing, given: ['a', 'b'], map: 'a' }, 2, 'OPTION_INVALID'],
  ])('refused: %s', (_, sources, count, code) => {
    expect(() => namedClasses(sources, count)).toThrow(expect.objectContaining({ code }) as Error);
  });
});

// What cannot be a group is refused, each kind by its own code, by name, before a model runs.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GroupsFile } from '../contract/language.ts';
import { goldenTokenizer } from '../testing/language.ts';
import { groupOfFile, parseGroupsFile } from './groups-file.ts';
import { actOnTokens, isMoved, makeTokenGroup, orbitOfTokens } from './token-group.ts';

const tokenizer = goldenTokenizer();
const group = (file: GroupsFile) => groupOfFile(file, tokenizer);

describe('refusals', () => {
  it.each<[string, GroupsFile, string, RegExp]>([
    [
      'a word of several tokens, with them',
      { equality: [[' man', ' lesbian']] },
      'GROUP_WORD_TOKENS',
      /" lesbian" is 4 tokens.*\(303\).*\(316\).*\(65\).*\(337\).*one token/,
    ],
    [
      'a word without its space',
      { equality: [['man', 'woman']] },
      'GROUP_WORD_SPACE',
      /"woman".*" woman" is one token/,
    ],
    [
      'a word of bytes',
      { equality: [[' man', ' 皮膚科医']] },
      'GROUP_WORD_UNKNOWN',
      /" 皮膚科医".*13 byte tokens: 220, 163/,
    ],
    [
      'a word in two lists',
      {
        equality: [
          [' man', ' woman'],
          [' man', ' she'],
        ],
      },
      'GROUP_WORD_IN_TWO_LISTS',
      /" man"/,
    ],
    ['a word twice in a list', { equality: [[' man', ' man']] }, 'GROUP_WORD_TWICE', /" man" stands twice/],
    [
      'lists of different lengths',
      {
        equality: [
          [' man', ' woman'],
          [' black', ' white', ' asian'],
        ],
      },
      'GROUP_LISTS_DIFFER',
      /lists of 2 and of 3 words.*order of the group/,
    ],
    ['a list of one', { equality: [[' man']] }, 'GROUP_LIST_SHORT', /two words/],
    ['an empty list', { equality: [[]] }, 'GROUP_LIST_SHORT', /empty/],
    ['no list', { equality: [] }, 'GROUP_NO_LIST', /no equality words/],
    ['an empty word', { equality: [[' man', '']] }, 'GROUP_WORD_EMPTY', /empty word/],
    ['an id outside', { equality: [[344, 600]] }, 'GROUP_ID_OUTSIDE', /600 is outside the vocabulary of 600/],
    [
      'an equality word that is general too',
      { equality: [[' man', ' woman']], general: [' man'] },
      'GROUP_WORD_ROLES',
      /" man" cannot be both/,
    ],
    [
      'an equality word that is neutral too',
      { equality: [[' man', ' woman']], neutral: [' he', ' woman'] },
      'GROUP_WORD_ROLES',
      /" woman"/,
    ],
    [
      'a neutral word that is general too',
      { equality: [[' man', ' woman']], neutral: [' he'], general: [' the', ' he'] },
      'GROUP_WORD_ROLES',
      /" he"/,
    ],
    [
      'a general word of several tokens',
      { equality: [[' man', ' woman']], general: [' grandmother'] },
      'GROUP_WORD_TOKENS',
      /grandmother/,
    ],
  ])('%s', (_, file, code, message) => {
    expect(() => group(file)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
    );
  });

  it.each([{}, { equality: 'man' }, { equality: [[1.5]] }, { equalty: [] }, [], null])(
    'what is no groups file: %j',
    (json) => {
      expect(() => parseGroupsFile(json, 'g.json')).toThrow(
        expect.objectContaining({ code: 'GROUPS_INVALID' }),
      );
    },
  );
});

it('offers the ways to write a word that work', () => {
  expect(() => group({ equality: [[' MAN', ' woman']] })).toThrow(/One token each: " man"/);
});

it('takes ids for words', () => {
  expect(group({ equality: [[344, 315]] }).lists).toEqual(group({ equality: [[' man', ' woman']] }).lists);
});

describe('roles', () => {
  const equality = [[' man', ' woman']];
  const generalIds = (file: GroupsFile) =>
    [...group(file).general].flatMap((mark, id) => (mark === 1 ? [id] : []));
  it('has the listed general words, and no others, where no neutral word is listed', () => {
    expect(generalIds({ equality, general: [' the', ' a'], neutral: [] })).toEqual([258, 265]);
    expect(generalIds({ equality })).toEqual([]);
  });
  it('takes every unlisted word as general where neutral words are listed', () => {
    const ids = generalIds({ equality, neutral: [' the'] });
    expect(ids).toHaveLength(600 - 3);
    expect(ids).not.toContain(265);
  });
});

describe('the action', () => {
  const someGroup = fc
    .record({
      d: fc.integer({ min: 2, max: 5 }),
      lists: fc.integer({ min: 1, max: 4 }),
      shuffle: fc.integer(),
    })
    .chain(({ d, lists }) =>
      fc
        .shuffledSubarray(
          Array.from({ length: 40 }, (_, id) => id),
          { minLength: d * lists, maxLength: d * lists },
        )
        .map((ids) => Array.from({ length: lists }, (_, at) => ids.slice(at * d, (at + 1) * d))),
    );
  const sequence = fc.array(fc.integer({ min: 0, max: 39 }), { minLength: 1, maxLength: 12 });

  it('is that of the cyclic group: g^a g^b = g^(a+b), and g^d is nothing', () => {
    fc.assert(
      fc.property(someGroup, sequence, (lists, ids) => {
        const tokens = makeTokenGroup(lists, [], 40);
        const { order, product } = tokens.group;
        expect(order).toBe(lists[0]!.length);
        expect(actOnTokens(tokens, 0, ids)).toEqual(ids);
        for (let a = 0; a < order; a++) {
          for (let b = 0; b < order; b++) {
            const twice = actOnTokens(tokens, a, actOnTokens(tokens, b, ids));
            expect(twice).toEqual(actOnTokens(tokens, product[a]![b]!, ids));
          }
        }
      }),
    );
  });

  it('moves the words of the lists, each to the next, and no other', () => {
    fc.assert(
      fc.property(someGroup, sequence, (lists, ids) => {
        const tokens = makeTokenGroup(lists, [], 40);
        const listed = new Set(lists.flat());
        for (const list of lists) expect(actOnTokens(tokens, 1, list)).toEqual([...list.slice(1), list[0]]);
        expect(isMoved(tokens, ids)).toBe(ids.some((id) => listed.has(id)));
        expect(orbitOfTokens(tokens, ids)).toHaveLength(tokens.group.order);
      }),
    );
  });
});

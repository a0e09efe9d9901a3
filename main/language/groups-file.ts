// From words, as people write them, to the group on token ids: every list is looked at before anything runs, and what
// cannot be in a group is refused by name, with what would work in its place. Pure.
import type { ErrorCode } from '../contract/error-texts/table.ts';
import { DermOrbitError } from '../contract/errors.ts';
import { groupsFileSchema, type GroupsFile, type Word } from '../contract/language.ts';
import { makeTokenGroup, type TokenGroup } from './token-group.ts';
import type { TextTokenizer } from './text/tokenizer.ts';

/**
 * The content of a groups file.
 * @throws DermOrbitError GROUPS_INVALID
 */
export function parseGroupsFile(json: unknown, name: string): GroupsFile {
  const parsed = groupsFileSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new DermOrbitError(
    'GROUPS_INVALID',
    `${name}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.replace(/\s+/g, ' ').trim() + '.',
  );
}

/**
 * The group of a file on the ids of a tokenizer. Ids that stand nowhere are neutral, or general where neutral words
 * are listed.
 * @throws DermOrbitError GROUP_NO_LIST, GROUP_LIST_SHORT, GROUP_LISTS_DIFFER, GROUP_WORD_EMPTY, GROUP_WORD_TOKENS,
 *   GROUP_WORD_SPACE, GROUP_WORD_UNKNOWN, GROUP_WORD_TWICE, GROUP_WORD_IN_TWO_LISTS, GROUP_WORD_ROLES, GROUP_ID_OUTSIDE
 */
export function groupOfFile(file: GroupsFile, tokenizer: TextTokenizer): TokenGroup {
  const { equality, neutral = [], general = [] } = file;
  requireShape(equality);
  const lists = equality.map((list) => idsOf(list, tokenizer));
  requireDisjoint(equality, lists, tokenizer);
  const moved = new Set(lists.flat());
  const neutralIds = idsOf(neutral, tokenizer);
  const generalIds = idsOf(general, tokenizer);
  requireRole(neutral, neutralIds, moved, tokenizer, 'an equality word and a neutral word');
  requireRole(general, generalIds, moved, tokenizer, 'an equality word and a general word');
  requireRole(general, generalIds, new Set(neutralIds), tokenizer, 'a neutral word and a general word');
  const named = new Set([...moved, ...neutralIds]);
  const others = Array.from({ length: tokenizer.size }, (_, id) => id).filter((id) => !named.has(id));
  return makeTokenGroup(lists, neutral.length > 0 ? others : generalIds, tokenizer.size);
}

function refuse(code: ErrorCode, message: string): never {
  throw new DermOrbitError(code, message);
}

const quoted = (word: Word) => (typeof word === 'number' ? `id ${word}` : `"${word}"`);

function requireShape(lists: readonly (readonly Word[])[]): void {
  if (lists.length === 0) refuse('GROUP_NO_LIST', 'The file lists no equality words.');
  const short = lists.find((list) => list.length < 2);
  if (short) {
    const held = short.length === 0 ? 'is empty' : `holds ${quoted(short[0]!)} alone`;
    refuse('GROUP_LIST_SHORT', `An equality list ${held}; a list needs two words at least.`);
  }
  const lengths = [...new Set(lists.map((list) => list.length))];
  if (lengths.length > 1) {
    const shown = lengths.join(' and of ');
    refuse(
      'GROUP_LISTS_DIFFER',
      `There are lists of ${shown} words: all must have the same length, the order of the group.`,
    );
  }
}

/** Ids of words, each one token. Every word that is none is named, those of the first kind of trouble. */
function idsOf(words: readonly Word[], tokenizer: TextTokenizer): number[] {
  const problems: { code: ErrorCode; message: string }[] = [];
  const ids = words.map((word) => {
    const found = lookUp(word, tokenizer);
    if (typeof found === 'number') return found;
    problems.push(found);
    return -1;
  });
  const [first] = problems;
  if (first) {
    const alike = problems.filter(({ code }) => code === first.code);
    refuse(first.code, alike.map(({ message }) => message).join(' '));
  }
  return ids;
}

function lookUp(word: Word, tokenizer: TextTokenizer): number | { code: ErrorCode; message: string } {
  if (typeof word === 'number') {
    if (word < tokenizer.size) return word;
    const message = `The id ${word} is outside the vocabulary of ${tokenizer.size}.`;
    return { code: 'GROUP_ID_OUTSIDE', message };
  }
  if (word === '') return { code: 'GROUP_WORD_EMPTY', message: 'A list holds an empty word.' };
  const ids = tokenizer.encode(word);
  if (ids.length === 1) return ids[0]!;
  const pieces = `${quoted(word)} is ${ids.length} tokens: ${ids.map((id) => `${showToken(tokenizer, id)} (${id})`).join(', ')}`;
  const rule = 'an equality, neutral or general word must be one token, its leading space included';
  if (!word.startsWith(' ') && tokenizer.encode(` ${word}`).length === 1) {
    return { code: 'GROUP_WORD_SPACE', message: `${pieces}; ${rule}. " ${word}" is one token.` };
  }
  if (ids.every((id) => isFragment(tokenizer.bytesOf(id)))) {
    const message = `${quoted(word)} is not one token of this vocabulary; the tokenizer spells it in ${ids.length} byte tokens: ${ids.join(', ')}.${offers(word, tokenizer)}`;
    return { code: 'GROUP_WORD_UNKNOWN', message };
  }
  return { code: 'GROUP_WORD_TOKENS', message: `${pieces}; ${rule}.${offers(word, tokenizer)}` };
}

/** Single bytes, and pieces of characters: what a tokenizer falls back to for what its vocabulary lacks. */
function isFragment(bytes: Uint8Array): boolean {
  if (bytes.length <= 1) return true;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return false;
  } catch {
    return true;
  }
}

function showToken(tokenizer: TextTokenizer, id: number): string {
  return JSON.stringify(tokenizer.decode([id]));
}

/** Other ways to write a word that are one token. */
function offers(word: string, tokenizer: TextTokenizer): string {
  const bare = word.trim();
  const capital = bare.slice(0, 1).toUpperCase() + bare.slice(1);
  const forms = [bare, bare.toLowerCase(), capital, bare.toUpperCase()].flatMap((form) => [` ${form}`, form]);
  const working = [...new Set(forms)].filter((form) => form !== word && tokenizer.encode(form).length === 1);
  return working.length === 0 ? '' : ` One token each: ${working.map(quoted).join(', ')}.`;
}

function requireDisjoint(
  words: readonly (readonly Word[])[],
  lists: readonly (readonly number[])[],
  tokenizer: TextTokenizer,
): void {
  const listOf = new Map<number, number>();
  lists.forEach((list, at) => {
    const own = new Set<number>();
    list.forEach((id, i) => {
      const shown = nameOf(words[at]![i]!, id, tokenizer);
      if (own.has(id)) refuse('GROUP_WORD_TWICE', `${shown} stands twice in a list.`);
      own.add(id);
      if (listOf.has(id)) {
        refuse(
          'GROUP_WORD_IN_TWO_LISTS',
          `${shown} is in two lists, so the action of the group is not defined.`,
        );
      }
    });
    for (const id of own) listOf.set(id, at);
  });
}

function requireRole(
  words: readonly Word[],
  ids: readonly number[],
  taken: ReadonlySet<number>,
  tokenizer: TextTokenizer,
  roles: string,
): void {
  const at = ids.findIndex((id) => taken.has(id));
  if (at < 0) return;
  const shown = nameOf(words[at] ?? ids[at]!, ids[at]!, tokenizer);
  refuse('GROUP_WORD_ROLES', `${shown} cannot be both ${roles}.`);
}

const nameOf = (word: Word, id: number, tokenizer: TextTokenizer) =>
  typeof word === 'string' ? quoted(word) : `${showToken(tokenizer, id)} (id ${id})`;

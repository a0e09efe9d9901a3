// A command line as a shell would split it: words, with single and double quotation marks. No expansion of any kind.

/** @throws Error where a quotation mark is not closed */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (const character of line) {
    if (quote !== null) {
      if (character === quote) quote = null;
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== null) throw new Error(`A quotation mark is not closed: ${line}`);
  if (word !== null) words.push(word);
  return words;
}

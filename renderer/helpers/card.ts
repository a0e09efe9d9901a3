// A model card's Markdown as plain blocks: headings, paragraphs, lists, tables and code, with the inline marks
// that cards use. Pure; cards come from strangers, so nothing of them is ever read as HTML, and links stay text.

export interface Span {
  readonly kind: 'text' | 'strong' | 'emphasis' | 'code';
  readonly text: string;
}

export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly spans: readonly Span[] }
  | { readonly kind: 'paragraph'; readonly spans: readonly Span[] }
  | { readonly kind: 'list'; readonly items: readonly (readonly Span[])[] }
  | { readonly kind: 'table'; readonly rows: readonly (readonly (readonly Span[])[])[] }
  | { readonly kind: 'code'; readonly text: string };

const inlineMarks = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|\[([^\]]+)\]\(([^)\s]+)\)/g;

/** The inline marks of one line: code, strong, emphasis; a link becomes `words (address)`. */
export function spansOf(text: string): Span[] {
  const spans: Span[] = [];
  let end = 0;
  const plain = (from: number, to: number): void => {
    if (to > from) spans.push({ kind: 'text', text: text.slice(from, to) });
  };
  for (const match of text.matchAll(inlineMarks)) {
    plain(end, match.index);
    const [whole, code, strong, emphasis, words, address] = match;
    if (code !== undefined) spans.push({ kind: 'code', text: code });
    else if (strong !== undefined) spans.push({ kind: 'strong', text: strong });
    else if (emphasis !== undefined) spans.push({ kind: 'emphasis', text: emphasis });
    else spans.push({ kind: 'text', text: `${words ?? ''} (${address ?? ''})` });
    end = match.index + whole.length;
  }
  plain(end, text.length);
  return spans;
}

function cellsOf(line: string): Span[][] {
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => spansOf(cell.trim()));
}

/** The blocks of a card. Front matter (between `---` lines at the top) is metadata and left out. */
export function blocksOf(source: string): Block[] {
  const lines = source.replace(/^---\r?\n[\s\S]*?\n---\r?\n/, '').split(/\r?\n/);
  const blocks: Block[] = [];
  let index = 0;
  const takeWhile = (test: (line: string) => boolean): string[] => {
    const start = index;
    while (index < lines.length && test(lines[index] ?? '')) index += 1;
    return lines.slice(start, index);
  };
  const isList = (line: string): boolean => /^\s*([-*]|\d+\.)\s+/.test(line);
  const isPlain = (line: string): boolean =>
    line.trim() !== '' && !/^(#{1,6}\s|```|\s*\|)/.test(line) && !isList(line);
  while (index < lines.length) {
    const line = lines[index] ?? '';
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    if (line.trim() === '') {
      index += 1;
    } else if (heading !== null) {
      blocks.push({ kind: 'heading', level: heading[1]?.length ?? 1, spans: spansOf(heading[2] ?? '') });
      index += 1;
    } else if (line.startsWith('```')) {
      index += 1;
      const text = takeWhile((next) => !next.startsWith('```')).join('\n');
      index += 1;
      blocks.push({ kind: 'code', text });
    } else if (isList(line)) {
      const items: string[] = [];
      // An indented line goes on with the item before it.
      for (const next of takeWhile((other) => isList(other) || /^\s+\S/.test(other))) {
        if (isList(next)) items.push(next.replace(/^\s*([-*]|\d+\.)\s+/, ''));
        else items.push(`${items.pop() ?? ''} ${next.trim()}`);
      }
      blocks.push({ kind: 'list', items: items.map(spansOf) });
    } else if (/^\s*\|/.test(line)) {
      const rows = takeWhile((next) => /^\s*\|/.test(next)).filter((row) => !/^[\s|:-]+$/.test(row));
      blocks.push({ kind: 'table', rows: rows.map(cellsOf) });
    } else {
      blocks.push({ kind: 'paragraph', spans: spansOf(takeWhile(isPlain).join(' ')) });
    }
  }
  return blocks;
}

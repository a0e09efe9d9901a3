// A model card's Markdown as plain blocks: headings, paragraphs, lists, tables and code, with the inline marks
// that cards use. Pure; cards come from strangers, so only marked's lexer is used: nothing of them is ever made or
// read as HTML, and links stay text.
import { Lexer, marked, type MarkedToken, type Token, type Tokens } from 'marked';

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

/** The inline marks of one line: code, strong, emphasis; a link becomes `words (address)`. */
export function spansOf(text: string): Span[] {
  return spansOfTokens(Lexer.lexInline(text));
}

function spansOfTokens(tokens: readonly Token[] = []): Span[] {
  const spans: Span[] = [];
  for (const span of tokens.flatMap(spansOfToken)) {
    const last = spans.at(-1);
    if (last?.kind === 'text' && span.kind === 'text') spans[spans.length - 1] = joined(last, span);
    else spans.push(span);
  }
  return spans;
}

function joined(one: Span, next: Span): Span {
  return { kind: one.kind, text: one.text + next.text };
}

function spansOfToken(token: Token): Span[] {
  const plain = (text: string): Span[] => [{ kind: 'text', text: text.replace(/\s*\n\s*/g, ' ') }];
  const inside = (tokens: readonly Token[] | undefined) =>
    spansOfTokens(tokens)
      .map(({ text }) => text)
      .join('');
  // marked lets extensions add tokens of any kind; there are none here.
  const known = token as MarkedToken;
  switch (known.type) {
    case 'text':
      return known.tokens === undefined ? plain(known.text) : spansOfTokens(known.tokens);
    case 'paragraph':
    case 'del':
      return spansOfTokens(known.tokens);
    case 'strong':
      return [{ kind: 'strong', text: inside(known.tokens) }];
    case 'em':
      return [{ kind: 'emphasis', text: inside(known.tokens) }];
    case 'codespan':
      return [{ kind: 'code', text: known.text }];
    case 'escape':
      return plain(known.text);
    case 'link':
      return plain(known.raw === known.href ? known.href : `${inside(known.tokens)} (${known.href})`);
    case 'image':
      return plain(`${known.text} (${known.href})`);
    case 'br':
      return plain(' ');
    default:
      return plain(known.raw);
  }
}

/** The blocks of a card. Front matter (between `---` lines at the top) is metadata and left out. */
export function blocksOf(source: string): Block[] {
  return marked.lexer(source.replace(/^---\r?\n[\s\S]*?\n---\r?\n/, '')).flatMap(blocksOfToken);
}

function blocksOfToken(token: Token): Block[] {
  const known = token as MarkedToken;
  switch (known.type) {
    case 'space':
    case 'hr':
    case 'def':
      return [];
    case 'heading':
      return [{ kind: 'heading', level: known.depth, spans: spansOfTokens(known.tokens) }];
    case 'code':
      return [{ kind: 'code', text: known.text }];
    case 'list':
      return [{ kind: 'list', items: itemsOf(known) }];
    case 'table':
      return [
        {
          kind: 'table',
          rows: [known.header, ...known.rows].map((row) => row.map(({ tokens }) => spansOfTokens(tokens))),
        },
      ];
    case 'blockquote':
      return known.tokens.flatMap(blocksOfToken);
    default:
      return [{ kind: 'paragraph', spans: spansOfToken(known) }];
  }
}

/** The items of a list, with those of the lists inside it after the item they belong to. */
function itemsOf({ items }: Tokens.List): Span[][] {
  return items.flatMap(({ tokens }) => [
    spansOfTokens(tokens.filter(({ type }) => type === 'text' || type === 'paragraph')),
    ...tokens.flatMap((token) =>
      (token as MarkedToken).type === 'list' ? itemsOf(token as Tokens.List) : [],
    ),
  ]);
}

// The head of every HTML file that the product writes.
import { escaped } from './html.ts';

/**
 * What the file may do wherever it is opened: show its own style sheet and the pictures inside it. It runs nothing and
 * fetches nothing. (Headers say the same where the host serves it.)
 */
const policy =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** @param style a style sheet of ours; it is not escaped */
export function documentHead(title: string, style: string): string {
  return `<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title><style>${style}</style></head>`;
}

// The alphabet of byte-level tokenizers (GPT-2's and CLIP's): a visible character for every byte, so that any text is a
// sequence of characters that a vocabulary can hold. Pure.

const all = Array.from({ length: 256 }, (_, byte) => byte);

/** Bytes with a glyph in Latin-1. */
const isVisible = (byte: number) =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;

/** Bytes that stand for themselves, then the others, each in order: the order of the token ids. */
const ordered = [...all.filter(isVisible), ...all.filter((byte) => !isVisible(byte))];
const visibleCount = all.filter(isVisible).length;

/** The character of each byte, in the order of the token ids: what has no glyph stands as U+0100 and following. */
export const byteCharacters: ReadonlyMap<number, string> = new Map(
  ordered.map((byte, place) => [
    byte,
    String.fromCharCode(isVisible(byte) ? byte : 0x100 + place - visibleCount),
  ]),
);

const bytesByCharacter = new Map([...byteCharacters].map(([byte, character]) => [character, byte]));

/** The bytes that a token's characters stand for; null if one of them is none of the alphabet. */
export function bytesOfToken(token: string): Uint8Array | null {
  const bytes = Array.from(token, (character) => bytesByCharacter.get(character));
  return bytes.includes(undefined) ? null : Uint8Array.from(bytes as number[]);
}

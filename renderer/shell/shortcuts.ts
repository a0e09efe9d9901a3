// Every keyboard shortcut, in one table: what the help sheet lists is what the keyboard does. None is a bare
// letter (WCAG 2.1.4), and none takes a combination that browsers keep for themselves. Pure.
import { screens } from '../../main/contract/screens.ts';

/** `view1` opens the first screen of the table. */
export type ShortcutAction =
  | 'openFiles'
  | 'openFolder'
  | 'classifyAll'
  | 'cancel'
  | 'search'
  | 'previousImage'
  | 'nextImage'
  | 'evidence'
  | 'nextMethod'
  | 'nextGroup'
  | 'exportReport'
  | 'copyText'
  | 'help'
  | `view${number}`;

interface Shortcut {
  readonly action: ShortcutAction;
  /** `KeyboardEvent.code` for letters and digits (layouts differ under Alt), else `KeyboardEvent.key`. */
  readonly key: string;
  readonly primary?: boolean;
  readonly shift?: boolean;
  readonly alt?: boolean;
  readonly words: string;
  readonly topic: 'Images' | 'Answer' | 'Screens';
}

export const shortcuts: readonly Shortcut[] = [
  { action: 'openFiles', key: 'KeyO', primary: true, words: 'Open images', topic: 'Images' },
  { action: 'openFolder', key: 'KeyO', primary: true, shift: true, words: 'Open a folder', topic: 'Images' },
  { action: 'classifyAll', key: 'Enter', primary: true, words: 'Classify what is waiting', topic: 'Images' },
  { action: 'cancel', key: 'Escape', words: 'Cancel the run', topic: 'Images' },
  { action: 'search', key: 'KeyF', primary: true, words: 'Find by name', topic: 'Images' },
  { action: 'previousImage', key: 'ArrowUp', alt: true, words: 'Previous image', topic: 'Images' },
  { action: 'nextImage', key: 'ArrowDown', alt: true, words: 'Next image', topic: 'Images' },
  { action: 'evidence', key: 'KeyV', alt: true, words: 'Show or hide the evidence map', topic: 'Answer' },
  { action: 'nextMethod', key: 'KeyM', alt: true, words: 'Next method', topic: 'Answer' },
  { action: 'nextGroup', key: 'KeyG', alt: true, words: 'Next group', topic: 'Answer' },
  { action: 'exportReport', key: 'KeyP', primary: true, words: 'Report of this image', topic: 'Answer' },
  {
    action: 'copyText',
    key: 'KeyC',
    alt: true,
    words: 'Copy the answer as text',
    topic: 'Answer',
  },
  ...screens.map(({ title }, index): Shortcut => {
    const place = index + 1;
    return { action: `view${place}`, key: `Digit${place}`, alt: true, words: title, topic: 'Screens' };
  }),
  { action: 'help', key: 'F1', words: 'This sheet', topic: 'Screens' },
];

interface Keys {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/** The action of a key press; null if it has none. `mac`: the primary key is Command, elsewhere Control. */
export function shortcutFor(keys: Keys, mac: boolean): ShortcutAction | null {
  const primary = mac ? keys.metaKey : keys.ctrlKey;
  const other = mac ? keys.ctrlKey : keys.metaKey;
  if (other) return null;
  const match = shortcuts.find(
    (shortcut) =>
      (shortcut.key === keys.key || shortcut.key === keys.code) &&
      (shortcut.primary ?? false) === primary &&
      (shortcut.shift ?? false) === keys.shiftKey &&
      (shortcut.alt ?? false) === keys.altKey,
  );
  return match?.action ?? null;
}

const keyNames: Readonly<Record<string, string>> = { ArrowUp: '↑', ArrowDown: '↓', Escape: 'Esc' };

/** The keys of a shortcut as they stand on the keyboard: `['Ctrl', 'Shift', 'O']`. */
export function shortcutKeys(shortcut: Shortcut, mac: boolean): string[] {
  const keys: string[] = [];
  if (shortcut.primary === true) keys.push(mac ? '⌘' : 'Ctrl');
  if (shortcut.alt === true) keys.push(mac ? '⌥' : 'Alt');
  if (shortcut.shift === true) keys.push(mac ? '⇧' : 'Shift');
  keys.push(keyNames[shortcut.key] ?? shortcut.key.replace(/^(Key|Digit)/, ''));
  return keys;
}

import { describe, expect, it } from 'vitest';
import { shortcutFor, shortcutKeys, shortcuts } from './shortcuts.ts';

const press = { key: '', code: '', ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };

describe('shortcuts', () => {
  it('tells modifiers apart', () => {
    const open = { ...press, key: 'o', code: 'KeyO', ctrlKey: true };
    expect(shortcutFor(open, false)).toBe('openFiles');
    expect(shortcutFor({ ...open, shiftKey: true }, false)).toBe('openFolder');
    expect(shortcutFor({ ...open, ctrlKey: false }, false)).toBeNull();
  });

  it('uses Command on a Mac, and Alt by the place of the key', () => {
    expect(shortcutFor({ ...press, key: 'o', code: 'KeyO', metaKey: true }, true)).toBe('openFiles');
    expect(shortcutFor({ ...press, key: 'o', code: 'KeyO', ctrlKey: true }, true)).toBeNull();
    expect(shortcutFor({ ...press, key: '¡', code: 'Digit1', altKey: true }, true)).toBe('view1');
  });

  it('has no two for the same keys, and no bare letter', () => {
    const spelled = shortcuts.map((shortcut) => shortcutKeys(shortcut, false).join('+'));
    expect(new Set(spelled).size).toBe(shortcuts.length);
    for (const keys of spelled) expect(keys).not.toMatch(/^.$/);
  });

  it('spells keys as they stand on the keyboard', () => {
    const folder = shortcuts.find(({ action }) => action === 'openFolder');
    expect(folder && shortcutKeys(folder, false)).toEqual(['Ctrl', 'Shift', 'O']);
    expect(folder && shortcutKeys(folder, true)).toEqual(['⌘', '⇧', 'O']);
  });
});

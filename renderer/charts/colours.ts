// Tokens as colours that a canvas and Chart.js understand: resolved by the browser, for the theme in force.
import { createSubscriber } from 'svelte/reactivity';
import type { Rgb } from './evidence.ts';

/** The sRGB bytes of a token such as `--accent`, as it looks on an element now. */
export function tokenRgb(token: string, element: Element = document.documentElement): Rgb {
  const probe = document.createElement('span');
  probe.hidden = true;
  // Pictures keep their colours where text is forced to the system's.
  probe.style.setProperty('forced-color-adjust', 'none');
  probe.style.color = `var(${token})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  const canvas = document.createElement('canvas');
  canvas.width = 1;
  canvas.height = 1;
  const context = canvas.getContext('2d');
  if (context === null) return [128, 128, 128];
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  return [red, green, blue];
}

/** The same as a CSS colour, with an alpha. */
export function tokenColour(token: string, alpha = 1): string {
  return `rgb(${tokenRgb(token).join(' ')} / ${alpha})`;
}

const subscribe = createSubscriber((update) => {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', update);
  const chosen = new MutationObserver(update);
  chosen.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  return () => {
    dark.removeEventListener('change', update);
    chosen.disconnect();
  };
});

/** Read in an effect that resolves tokens, so that it runs again when the theme changes. */
export function themeInForce(): void {
  subscribe();
}

// A plot as SVG text for a page without scripts. Pure.
import { pointsText, rounded, type Mark, type Plot } from '../plots/plot.ts';
import { escaped } from './html.ts';

/** @param style of the whole drawing, beside `plot` */
export function plotSvg({ width, height, label, marks }: Plot, style = ''): string {
  const size = `viewBox="0 0 ${rounded(width)} ${rounded(height)}" style="max-width:${rounded(width)}px"`;
  return `<svg ${size} class="plot ${style}" role="img" aria-label="${escaped(label)}">${marks.map(markSvg).join('')}</svg>`;
}

function markSvg(mark: Mark): string {
  const title = mark.title === undefined ? '' : `<title>${escaped(mark.title)}</title>`;
  const opacity = mark.opacity === undefined ? '' : ` fill-opacity="${mark.opacity.toFixed(3)}"`;
  const content = mark.shape === 'text' ? escaped(mark.text) : title;
  const attributes = Object.entries(placeOf(mark)).map(
    ([name, value]) => ` ${name}="${typeof value === 'number' ? rounded(value) : value}"`,
  );
  return `<${mark.shape} class="${mark.style}"${attributes.join('')}${opacity}>${content}</${mark.shape}>`;
}

function placeOf(mark: Mark): Readonly<Record<string, number | string>> {
  switch (mark.shape) {
    case 'line':
      return { x1: mark.x1, y1: mark.y1, x2: mark.x2, y2: mark.y2 };
    case 'rect':
      return { x: mark.x, y: mark.y, width: mark.width, height: mark.height };
    case 'circle':
      return { cx: mark.cx, cy: mark.cy, r: mark.r };
    case 'text': {
      const turn =
        mark.turn === undefined
          ? {}
          : { transform: `rotate(${mark.turn} ${rounded(mark.x)} ${rounded(mark.y)})` };
      return { x: mark.x, y: mark.y, 'text-anchor': mark.anchor, ...turn };
    }
    default:
      return { points: pointsText(mark.points) };
  }
}

// The curves of a run as one SVG file: loss on training and validation images, and balanced accuracy. It stands alone:
// no script, no style sheet from elsewhere. Pure.
import { cssColour, palette } from '../../contract/palette.ts';
import type { RoundFigures } from '../../contract/training.ts';

interface Series {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly (readonly [round: number, value: number])[];
}

const panel = { width: 420, height: 220, left: 56, top: 34, gap: 84 } as const;
const colours = { first: cssColour(palette.malignant), second: cssColour(palette.benign) };

/** At least one round. */
export function drawCurves(history: readonly RoundFigures[]): string {
  const series = (name: string, colour: string, value: (figures: RoundFigures) => number | null): Series => ({
    name,
    colour,
    points: history.flatMap((figures) => {
      const found = value(figures);
      return found === null || !Number.isFinite(found) ? [] : [[figures.round, found] as const];
    }),
  });
  const rounds = Math.max(1, ...history.map(({ round }) => round));
  const losses = [
    series('training loss', colours.first, ({ loss }) => loss),
    series('validation cross entropy', colours.second, ({ validationLoss }) => validationLoss),
  ];
  const accuracy = [
    series('balanced accuracy', colours.first, ({ balancedAccuracy }) => balancedAccuracy),
    series('top-1', colours.second, ({ top1 }) => top1),
  ];
  const width = 2 * panel.left + 2 * panel.width + panel.gap;
  const height = panel.top + panel.height + 48;
  const style =
    'text{font:12px system-ui,sans-serif;fill:#333}.grid{stroke:#ddd}.curve{fill:none;stroke-width:1.8}';
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" ` +
    `aria-label="Loss and balanced accuracy over ${rounds} rounds"><style>${style}</style>` +
    `<rect width="${width}" height="${height}" fill="#fff"/>` +
    drawPanel(panel.left, losses, range(losses), rounds) +
    drawPanel(panel.left + panel.width + panel.gap, accuracy, [0, 1], rounds) +
    `</svg>\n`
  );
}

/** From the smallest to the largest value, never empty. */
function range(series: readonly Series[]): [number, number] {
  const values = series.flatMap(({ points }) => points.map(([, value]) => value));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return high > low ? [low, high] : [low - 0.5, low + 0.5];
}

function drawPanel(
  left: number,
  series: readonly Series[],
  [low, high]: readonly [number, number],
  rounds: number,
): string {
  const { top, width, height } = panel;
  const x = (round: number) => (left + (round / rounds) * width).toFixed(1);
  const y = (value: number) => (top + height - ((value - low) / (high - low)) * height).toFixed(1);
  const parts: string[] = [];
  for (let tick = 0; tick <= 4; tick++) {
    const value = low + ((high - low) * tick) / 4;
    parts.push(
      `<line class="grid" x1="${left}" x2="${left + width}" y1="${y(value)}" y2="${y(value)}"/>`,
      `<text x="${left - 6}" y="${y(value)}" dy="4" text-anchor="end">${value.toPrecision(3)}</text>`,
    );
  }
  parts.push(`<text x="${left}" y="${top + height + 18}">0</text>`);
  parts.push(`<text x="${left + width}" y="${top + height + 18}" text-anchor="end">${rounds} rounds</text>`);
  series.forEach(({ name, colour, points }, index) => {
    const line = points.map(([round, value]) => `${x(round)},${y(value)}`).join(' ');
    parts.push(`<polyline class="curve" stroke="${colour}" points="${line}"/>`);
    // A single round is a point, which a line does not show.
    for (const [round, value] of points) {
      parts.push(
        `<circle cx="${x(round)}" cy="${y(value)}" r="2" fill="${colour}"><title>${name}, round ${round}: ${value.toPrecision(4)}</title></circle>`,
      );
    }
    const at = left + index * 190;
    parts.push(
      `<rect x="${at}" y="12" width="14" height="4" fill="${colour}"/><text x="${at + 20}" y="18">${name}</text>`,
    );
  });
  return parts.join('');
}

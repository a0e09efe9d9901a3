// Colours that mean something, the same in pictures, reports and the page (renderer/styles/tokens.css has them in
// OKLCH). Evidence: teal and violet, which no skin has and which differ in lightness, so that every kind of colour
// vision tells them apart. Malignant and benign: orange and blue, for the same reason.

type Colour = readonly [red: number, green: number, blue: number];

export const palette = {
  evidenceFor: [8, 251, 203],
  evidenceAgainst: [70, 13, 149],
  malignant: [204, 73, 10],
  benign: [84, 141, 180],
} as const satisfies Record<string, Colour>;

/** As a CSS or SVG colour. */
export function cssColour([red, green, blue]: Colour): string {
  return `rgb(${red}, ${green}, ${blue})`;
}

// The screens, in the order of the navigation: the bar, the menu, the shortcuts and the titles come from here.

/** `ofImages`: the screen is about the images of the list, which then stands beside it. */
export const screens = [
  { name: 'classify', title: 'Classify', ofImages: true },
  { name: 'orientations', title: 'Orientations', ofImages: true },
  { name: 'turn-test', title: 'Turn test', ofImages: true },
  { name: 'evaluate', title: 'Evaluate', ofImages: false },
  { name: 'train', title: 'Train', ofImages: false },
  { name: 'models', title: 'Models', ofImages: false },
  { name: 'about', title: 'About', ofImages: false },
] as const;

export type ViewName = (typeof screens)[number]['name'];

/** The row of a screen. */
export function screenOf(name: ViewName): (typeof screens)[number] {
  return screens.find((screen) => screen.name === name)!;
}

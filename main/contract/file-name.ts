// The name at the end of a path: what people are shown, and all of a path that leaves the computer.

/** The last part of a path of any system; the path itself where it has none. */
export function fileName(path: string): string {
  return path.split(/[/\\]/).findLast((part) => part !== '') ?? path;
}

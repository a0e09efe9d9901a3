// Where a picture lies in the window it is seen through: zoom about a point, pan, bounds. Pure.

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Pixels of the screen per pixel of the picture, and where its upper left corner lies in the window. */
export interface Lens {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

/** Pixels of the screen that one pixel of the picture takes at most. */
const maxScale = 16;

/** The whole picture, as large as the window lets it be, in its middle; small pictures are enlarged. */
export function fitted(picture: Size, frame: Size): Lens {
  const scale = Math.min(frame.width / picture.width, frame.height / picture.height);
  return {
    scale,
    x: (frame.width - picture.width * scale) / 2,
    y: (frame.height - picture.height * scale) / 2,
  };
}

/**
 * Another scale about a place of the window that stays where it is. Never smaller than the whole picture, never larger
 * than can be made out.
 */
export function zoomed(
  lens: Lens,
  scale: number,
  at: { readonly x: number; readonly y: number },
  picture: Size,
  frame: Size,
): Lens {
  const least = fitted(picture, frame).scale;
  const next = Math.min(Math.max(scale, least), Math.max(maxScale, least));
  const factor = next / lens.scale;
  return bounded(
    { scale: next, x: at.x - (at.x - lens.x) * factor, y: at.y - (at.y - lens.y) * factor },
    picture,
    frame,
  );
}

export function panned(lens: Lens, dx: number, dy: number, picture: Size, frame: Size): Lens {
  return bounded({ ...lens, x: lens.x + dx, y: lens.y + dy }, picture, frame);
}

/** No edge of the picture comes further in than the window's; a picture that is smaller lies in the middle. */
function bounded({ scale, x, y }: Lens, picture: Size, frame: Size): Lens {
  const along = (place: number, length: number, room: number): number =>
    length <= room ? (room - length) / 2 : Math.min(0, Math.max(room - length, place));
  return {
    scale,
    x: along(x, picture.width * scale, frame.width),
    y: along(y, picture.height * scale, frame.height),
  };
}

/** The square that the model sees of a picture: its middle, as high or wide as its shorter side. */
export function centreSquare({ width, height }: Size): {
  readonly x: number;
  readonly y: number;
  readonly side: number;
} {
  const side = Math.min(width, height);
  return { x: (width - side) / 2, y: (height - side) / 2, side };
}

// Pixels, as every reader of images delivers them.

/** Upright 8-bit sRGB pixels. */
export interface RgbImage {
  /** [height, width, 3], row-major. */
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

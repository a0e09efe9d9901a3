// What pictures of an image file can be made; the implementation stands on main/imaging.

/** An encoded picture. */
export interface Picture {
  readonly mediaType: 'image/png' | 'image/jpeg' | 'image/webp';
  readonly bytes: Uint8Array;
}

export interface ImagePictures {
  thumbnail(path: string): Promise<Picture>;
  /** The whole image, upright. */
  whole(path: string): Promise<Picture>;
  square(path: string): Promise<Picture>;
  turned(path: string, angle: number): Promise<Picture>;
}

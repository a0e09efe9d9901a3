// Opaque ids for images, files and documents of one session.
import { randomBytes } from 'node:crypto';

/** 128 random bits in 22 characters that are safe in a URL: nobody guesses one, and it names no path. */
export function newId(): string {
  return randomBytes(16).toString('base64url');
}

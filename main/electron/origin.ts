// The one origin of the app, and the names of its IPC channels: shared by main process and preload, free of both.

export const scheme = 'app';
export const origin = 'app://dermorbit';

/** Frames of main/contract/frames.ts, both ways. */
export const frameChannel = 'dermorbit:frame';
/** Paths of dropped files: string[] -> FileAnswer with an Addition. */
export const addPathsChannel = 'dermorbit:add-paths';
/** Bytes of pasted images: { name, bytes } -> FileAnswer with an Addition. */
export const addBytesChannel = 'dermorbit:add-bytes';
/** A file for an import: { path } or { name, bytes } -> FileAnswer with a FileReference. */
export const addFileChannel = 'dermorbit:add-file';

/** Whether an address is the app's own. */
export function isOwn(address: string): boolean {
  return address.startsWith(`${origin}/`);
}

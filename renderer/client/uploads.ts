// A labelled folder on its way from the browser to the host, file by file.
import { isImageName } from './dropped.ts';

/** A file that is wanted, and its path inside the chosen folder. */
export interface FileToUpload<F> {
  readonly path: string;
  readonly file: F;
}

/**
 * The files of a chosen folder that a labelled set can consist of: images and tables; hidden ones are not wanted.
 * @returns the folder's own name, and the files with their paths inside it
 */
export function labelledFiles<F extends { readonly name: string; readonly webkitRelativePath: string }>(
  files: readonly F[],
): { folder: string; files: FileToUpload<F>[] } {
  const folder = files[0]?.webkitRelativePath.split('/')[0] ?? '';
  const wanted = files.flatMap((file) => {
    const parts = file.webkitRelativePath.split('/').slice(1);
    const hidden = parts.some((part) => part.startsWith('.'));
    const fits = isImageName(file.name) || /\.csv$/i.test(file.name);
    return hidden || !fits ? [] : [{ path: parts.join('/'), file }];
  });
  return { folder, files: wanted };
}

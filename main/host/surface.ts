// The browser's side of what differs from a window of our own: no dialogs, exports as downloads, a report as a
// print view.
import { DermOrbitError } from '../contract/errors.ts';
import type { Documents } from '../services/documents.ts';
import type { Surface } from '../services/surface.ts';

export function hostSurface(documents: Documents): Surface {
  return {
    kind: 'host',
    versions: {},
    dialogs: false,
    chooseImages: () => Promise.reject(windowOnly('File dialogs')),
    chooseFile: () => Promise.reject(windowOnly('File dialogs')),
    chooseData: () => Promise.reject(windowOnly('File dialogs')),
    deliver: (document) => {
      const id = documents.add(document);
      return Promise.resolve(
        document.mediaType === 'text/html'
          ? { kind: 'view', url: `report/${id}`, name: document.name }
          : { kind: 'download', url: `download/${id}`, name: document.name },
      );
    },
    copy: () => Promise.resolve(false),
    openLink: () => Promise.reject(windowOnly('Opening links')),
    showFolder: () => Promise.reject(windowOnly('Showing folders')),
  };
}

function windowOnly(what: string): DermOrbitError {
  return new DermOrbitError(
    'REQUEST_INVALID',
    `${what} need the desktop window; in the browser the page does this.`,
  );
}

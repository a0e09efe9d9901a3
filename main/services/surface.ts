// What differs between a window of our own and a browser tab: dialogs, the clipboard, where exports go.
import type { DataReference } from '../contract/application-jobs.ts';
import type { ExportResult, FilePurpose } from '../contract/application.ts';

/** Something to hand to the person: a table, records, or a report. */
export interface ExportDocument {
  /** Suggested file name, with extension. */
  readonly name: string;
  readonly mediaType: 'text/csv' | 'application/json' | 'text/html';
  readonly text: string;
}

export interface Surface {
  readonly kind: 'electron' | 'host';
  /** Versions of the software around us, beside those that every surface has. */
  readonly versions: Readonly<Record<string, string>>;
  readonly dialogs: boolean;
  /** Paths chosen in a dialog; null if it was dismissed. @throws REQUEST_INVALID where there are no dialogs */
  chooseImages(kind: 'files' | 'folder'): Promise<string[] | null>;
  chooseFile(purpose: FilePurpose): Promise<string | null>;
  /** A folder of labelled images, or a table of labels. */
  chooseData(kind: DataReference['kind']): Promise<string | null>;
  /** Saves the document where the person says, or offers it for download. */
  deliver(document: ExportDocument): Promise<ExportResult>;
  /** Puts text on the clipboard; false where only the page can. */
  copy(text: string): Promise<boolean>;
  openLink(address: string): Promise<void>;
  showFolder(path: string): Promise<void>;
}

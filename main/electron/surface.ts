// The window's side of what differs from a browser tab: file dialogs, save dialogs, PDF, clipboard, links.
import { BrowserWindow, clipboard, dialog, shell, type FileFilter, type OpenDialogOptions } from 'electron';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import type { DataReference } from '../contract/application-jobs.ts';
import { externalLinks, fileEndings, type ExportResult, type FilePurpose } from '../contract/application.ts';
import { DermOrbitError } from '../contract/errors.ts';
import { readExtensions } from '../contract/image-kinds.ts';
import { writeFileAtomic } from '../base/durable-files.ts';
import type { Documents } from '../services/documents.ts';
import type { ExportDocument, Surface } from '../services/surface.ts';
import { origin } from './origin.ts';

const imageFilter: FileFilter = {
  name: 'Images',
  extensions: readExtensions.map((extension) => extension.slice(1)),
};

const imageDialogs: Readonly<Record<'files' | 'folder', OpenDialogOptions>> = {
  files: { title: 'Add images', properties: ['openFile', 'multiSelections'], filters: [imageFilter] },
  folder: { title: 'Add a folder of images', properties: ['openDirectory', 'multiSelections'] },
};

const fileDialogs: Readonly<Record<FilePurpose, { title: string; kind: string }>> = {
  checkpoint: { title: 'Choose a checkpoint or an ONNX classifier', kind: 'Networks' },
  classEmbeddings: { title: 'Choose class embeddings', kind: 'Safetensors' },
  combiners: { title: 'Choose combiner weights', kind: 'Safetensors' },
  prompts: { title: 'Choose prompts', kind: 'JSON' },
  card: { title: 'Choose a model card', kind: 'Markdown' },
};

function fileDialog(purpose: FilePurpose): OpenDialogOptions {
  const { title, kind } = fileDialogs[purpose];
  const filters = [{ name: kind, extensions: [...fileEndings[purpose]] }];
  return { title, filters, properties: ['openFile'] };
}

const dataDialogs: Readonly<Record<DataReference['kind'], OpenDialogOptions>> = {
  folder: { title: 'Choose a folder of labelled images', properties: ['openDirectory'] },
  table: {
    title: 'Choose a table',
    properties: ['openFile'],
    filters: [{ name: 'Table', extensions: ['csv', 'tsv', 'tab', 'txt'] }],
  },
};

/** What a document is saved as. */
const savedAs: Readonly<Record<ExportDocument['mediaType'], FileFilter>> = {
  'text/csv': { name: 'CSV table', extensions: ['csv'] },
  'application/json': { name: 'JSON records', extensions: ['json'] },
  'text/html': { name: 'PDF report', extensions: ['pdf'] },
};

/** @param owner the window that dialogs belong to */
export function windowSurface(documents: Documents, owner: () => BrowserWindow | null): Surface {
  const choose = async (options: OpenDialogOptions): Promise<string[] | null> => {
    const window = owner();
    const { canceled, filePaths } =
      window === null ? await dialog.showOpenDialog(options) : await dialog.showOpenDialog(window, options);
    return canceled ? null : filePaths;
  };
  return {
    kind: 'electron',
    versions: { electron: process.versions.electron, chromium: process.versions.chrome },
    dialogs: true,
    chooseImages: (kind) => choose(imageDialogs[kind]),
    chooseFile: async (purpose) => (await choose(fileDialog(purpose)))?.[0] ?? null,
    chooseData: async (kind) => (await choose(dataDialogs[kind]))?.[0] ?? null,
    deliver: async (document) => save(document, documents, owner()),
    copy: async (text) => {
      await clipboard.writeText(text);
      return true;
    },
    openLink: async (address) => {
      // Only addresses of the table ever reach the system's browser.
      if (Object.values<string>(externalLinks).includes(address)) await shell.openExternal(address);
    },
    showFolder: async (path) => {
      // A file would be run by whatever opens it.
      if (!(await isFolder(path))) throw new DermOrbitError('REQUEST_INVALID', `${path} does not exist yet.`);
      await shell.openPath(path);
    },
  };
}

async function save(
  document: ExportDocument,
  documents: Documents,
  owner: BrowserWindow | null,
): Promise<ExportResult> {
  const filter = savedAs[document.mediaType];
  const [extension = ''] = filter.extensions;
  const defaultPath = document.name.replace(extname(document.name), `.${extension}`);
  const options = { title: 'Save', defaultPath, filters: [filter] };
  const { canceled, filePath } =
    owner === null ? await dialog.showSaveDialog(options) : await dialog.showSaveDialog(owner, options);
  if (canceled || filePath === '') return { kind: 'cancelled' };
  const data = document.mediaType === 'text/html' ? await pdfOf(documents.add(document)) : document.text;
  await writeFileAtomic(filePath, data);
  return { kind: 'saved', name: filePath };
}

/** Prints a report in a hidden window without scripts. */
async function pdfOf(id: string): Promise<Uint8Array> {
  const window = new BrowserWindow({
    show: false,
    webPreferences: { sandbox: true, contextIsolation: true, nodeIntegration: false, javascript: false },
  });
  try {
    await window.loadURL(`${origin}/report/${id}`);
    return await window.webContents.printToPDF({
      pageSize: 'A4',
      printBackground: true,
      preferCSSPageSize: true,
    });
  } finally {
    window.destroy();
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

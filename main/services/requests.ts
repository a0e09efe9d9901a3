// One handler per request of the application's contract.
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { externalLinks, type applicationContract, type FileReference } from '../contract/application.ts';
import { DermOrbitError } from '../contract/errors.ts';
import { classifyImages } from './batch.ts';
import type { Context } from './context.ts';
import { exportReport, exportTable, textOf } from './exports.ts';
import type { Handlers } from '../rpc/dispatch.ts';
import { newId } from '../base/ids.ts';
import { jobHandlers } from '../jobs/requests/requests.ts';
import { dataHandlers } from './data-requests.ts';
import { exportEvaluation } from './evaluation-exports.ts';
import { readLicences } from './licences.ts';

export const handlers: Handlers<typeof applicationContract, Context> = {
  session: (context) =>
    Promise.resolve({
      version: context.version,
      surface: context.surface.kind,
      platform: process.platform,
      versions: { ...context.versions },
      dialogs: context.surface.dialogs,
      preferences: context.settings.preferences,
      preferencesProblem: context.settings.problem,
      folders: {
        data: context.folders.data,
        models: context.folders.models,
        settings: context.folders.settingsFile,
        uploads: context.uploads.folder,
      },
      engine: context.engine.state(),
    }),
  licences: (context) => readLicences(context.folders.licencesFile),
  restartEngine: (context) => {
    context.engine.restart();
    return Promise.resolve({});
  },
  savePreferences: async (context, patch) => {
    const preferences = await context.settings.savePreferences(patch);
    context.notify({ kind: 'preferences', preferences });
    return preferences;
  },

  models: (context, input, { signal }) => context.engine.api.call('models', input, { signal }),
  model: (context, input, { signal }) => context.engine.api.call('model', input, { signal }),
  verifyModel: (context, input, { signal }) => context.engine.api.call('verifyModel', input, { signal }),
  removeModel: async (context, input, { signal }) => {
    await context.engine.api.call('removeModel', input, { signal });
    if (context.settings.preferences.model === input.id) {
      const preferences = await context.settings.savePreferences({ model: null });
      context.notify({ kind: 'preferences', preferences });
    }
    context.notify({ kind: 'modelsChanged' });
    return {};
  },
  importModel: async (context, input, { signal, onEvent }) => {
    const path = (id: string | undefined): string | undefined =>
      id === undefined ? undefined : filePath(context, id);
    const files = {
      checkpoint: filePath(context, input.checkpoint),
      classEmbeddings: path(input.classEmbeddings),
      prompts: path(input.prompts),
      combiners: path(input.combiners),
      card: path(input.card),
    };
    const summary = await context.engine.api.call('importModel', { ...input, ...files }, { signal, onEvent });
    await releaseFiles(context, [
      input.checkpoint,
      input.classEmbeddings,
      input.prompts,
      input.combiners,
      input.card,
    ]);
    context.notify({ kind: 'modelsChanged' });
    return summary;
  },
  chooseFile: async (context, { purpose }) => {
    const path = await context.surface.chooseFile(purpose);
    return path === null ? null : referTo(context, path);
  },
  providers: (context, input, { signal }) => context.engine.api.call('providers', input, { signal }),

  workList: (context) => Promise.resolve(context.list.items()),
  chooseImages: async (context, { kind }, { signal }) => {
    const paths = await context.surface.chooseImages(kind);
    return context.addPaths(paths ?? [], 'disk', signal);
  },
  addExamples: (context, _input, { signal }) =>
    context.addPaths([context.folders.examples], 'example', signal),
  removeImages: async (context, { images }) => {
    const paths = context.list.remove(images);
    context.notify({ kind: 'itemsRemoved', images });
    for (const path of paths) await context.uploads.remove(path);
    return {};
  },

  classify: classifyImages,
  inspect: async (context, { image, ...choice }, { signal }) => {
    const path = context.list.pathOf(image);
    const inspection = await context.engine.api.call('inspect', { ...choice, path }, { signal });
    return { ...inspection, record: context.list.shown(image, inspection.record) };
  },
  turnTest: (context, { image, ...choice }, { signal, onEvent }) =>
    context.engine.api.call('turnTest', { ...choice, path: context.list.pathOf(image) }, { signal, onEvent }),

  exportCsv: (context, { images }) => exportTable(context, images, 'csv'),
  exportJson: (context, { images }) => exportTable(context, images, 'json'),
  exportReport,
  copyText: async (context, input, options) => {
    const text = await textOf(context, input, options);
    return { text, copied: await context.surface.copy(text) };
  },

  ...dataHandlers,
  ...jobHandlers,
  exportEvaluation,

  openLink: async (context, { link }) => {
    await context.surface.openLink(externalLinks[link]);
    return {};
  },
  showFolder: async (context, { folder }) => {
    const { data, models, settingsFile } = context.folders;
    await context.surface.showFolder({ data, models, settings: dirname(settingsFile) }[folder]);
    return {};
  },
};

/** Gives a file an id by which the page can name it in an import. */
export async function referTo(context: Context, path: string): Promise<FileReference> {
  const { size } = await stat(path);
  const id = newId();
  context.files.set(id, path);
  return { id, name: basename(path), bytes: size };
}

function filePath(context: Context, id: string): string {
  const path = context.files.get(id);
  if (path === undefined) {
    throw new DermOrbitError('CHECKPOINT_NOT_FOUND', 'The chosen file is no longer known; choose it again.');
  }
  return path;
}

async function releaseFiles(context: Context, ids: readonly (string | undefined)[]): Promise<void> {
  for (const id of ids) {
    const path = id === undefined ? undefined : context.files.get(id);
    if (id === undefined || path === undefined) continue;
    context.files.delete(id);
    await context.uploads.remove(path);
  }
}

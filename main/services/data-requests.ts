// Requests by which the page comes to labelled data that it may name: from a dialog, from what the host was started
// with, from a look into such a folder, from an upload.
import type { DataReference } from '../contract/application-jobs.ts';
import type { applicationContract } from '../contract/application.ts';
import type { Context } from './context.ts';
import type { Handlers } from '../rpc/dispatch.ts';

type DataRequest = 'dataRoots' | 'chooseData' | 'dataFolder' | 'newDataFolder';

export const dataHandlers: Handlers<typeof applicationContract, Context, DataRequest> = {
  dataRoots: ({ data, dataRoots }) => Promise.resolve(dataRoots.map((path) => data.refer(path, 'folder'))),
  chooseData: async (context, { kind }) => {
    const path = await context.surface.chooseData(kind);
    return path === null ? null : context.data.refer(path, kind);
  },
  dataFolder: ({ data }, { id }) => data.contents(id),
  newDataFolder: async ({ data, uploads }, { name }): Promise<DataReference> =>
    data.refer(await uploads.newFolder(name), 'folder'),
};

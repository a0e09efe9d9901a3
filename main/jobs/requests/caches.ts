// Caches of training as the page sees them: what lies in the data folder, and removing it.
import type { jobRequests } from '../../contract/application-jobs.ts';
import { cachesFolder, listCaches, removeCache } from '../../training/cache/caches.ts';
import type { Handlers } from '../../rpc/dispatch.ts';
import type { JobContext } from './context.ts';

type CacheRequest = 'caches' | 'removeCache';

export const cacheHandlers: Handlers<typeof jobRequests, JobContext, CacheRequest> = {
  caches: ({ folders }) => listCaches(cachesFolder(folders.data)),
  removeCache: async (context, { cache }) => {
    // A training may be about to open it, without having it yet.
    context.jobs.board.requireIdle();
    await removeCache(cachesFolder(context.folders.data), cache);
    context.notify({ kind: 'cachesChanged' });
    return {};
  },
};

// Caches of training as the page sees them: what lies in the data folder, and removing it.
import type { z } from 'zod';
import type { jobRequests } from '../../contract/application-jobs.ts';
import { cachesFolder, listCaches, removeCache } from '../../training/cache/caches.ts';
import type { JobContext } from './context.ts';

type CacheRequest = 'caches' | 'removeCache';
type Checked<Name extends CacheRequest> = z.output<(typeof jobRequests)[Name]['input']>;
type Output<Name extends CacheRequest> = z.infer<(typeof jobRequests)[Name]['output']>;

export const cacheHandlers: {
  readonly [Name in CacheRequest]: (context: JobContext, input: Checked<Name>) => Promise<Output<Name>>;
} = {
  caches: ({ folders }) => listCaches(cachesFolder(folders.data)),
  removeCache: async (context, { cache }) => {
    // A training may be about to open it, without having it yet.
    context.jobs.board.requireIdle();
    await removeCache(cachesFolder(context.folders.data), cache);
    context.notify({ kind: 'cachesChanged' });
    return {};
  },
};

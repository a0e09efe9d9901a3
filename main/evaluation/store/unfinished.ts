// Evaluations that are not finished: what each was asked for, a file beside the journals of what was measured for it.
// Written by the job process before anything is measured, removed with the journals when the result is on disk; in
// between the app lists it, goes on with it or discards it.
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { asDermOrbitError, DermOrbitError } from '../../contract/errors.ts';
import { evaluateTaskSchema } from '../../contract/jobs.ts';
import { writeFileAtomic } from '../../base/durable-files.ts';

const ending = '.request.json';
const fileName = /^[a-z0-9-]{1,64}\.request\.json$/;

const requestSchema = z.object({
  schema: z.literal(1),
  /** When it was first asked for, ISO 8601. */
  asked: z.iso.datetime(),
  task: evaluateTaskSchema,
  /** Names of files beside this one; never paths. */
  journals: z.array(z.string().regex(/^[a-z0-9_-]+\.jsonl$/i)).max(64),
});
export type UnfinishedRequest = z.output<typeof requestSchema>;

/** The file of a request. @param id of the request, a plain name */
export function requestFile(folder: string, id: string): string {
  return join(folder, `${id}${ending}`);
}

/**
 * Notes what is asked for, or that one more journal belongs to it.
 * @param journal path of a journal that lies beside the file
 * @throws DermOrbitError WRITE_FAILED, DISK_FULL
 */
export async function noteRequest(
  path: string,
  task: UnfinishedRequest['task'],
  journal: string,
): Promise<void> {
  const before = await readRequest(path).catch(() => null);
  const request: UnfinishedRequest = {
    schema: 1,
    asked: before?.asked ?? new Date().toISOString(),
    task,
    journals: [...new Set([...(before?.journals ?? []), basename(journal)])],
  };
  await writeFileAtomic(path, JSON.stringify(request));
}

/** @throws DermOrbitError EVALUATION_NOT_FOUND, EVALUATION_INVALID */
export async function readRequest(path: string): Promise<UnfinishedRequest> {
  const text = await readFile(path, 'utf8').catch((thrown: unknown) => {
    const message = `${basename(path)} is no longer there.`;
    throw new DermOrbitError('EVALUATION_NOT_FOUND', message, { cause: thrown });
  });
  try {
    return requestSchema.parse(JSON.parse(text));
  } catch (thrown) {
    throw new DermOrbitError('EVALUATION_INVALID', `${basename(path)} is damaged.`, { cause: thrown });
  }
}

/** The latest first. What cannot be read is passed over; a folder that is not there holds none. */
export async function listRequests(folder: string): Promise<{ id: string; request: UnfinishedRequest }[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => fileName.test(name));
  const read = names.map(async (name) => {
    const request = await readRequest(join(folder, name)).catch(() => null);
    return request === null ? [] : [{ id: name.slice(0, -ending.length), request }];
  });
  const found = (await Promise.all(read)).flat();
  return found.sort((a, b) => b.request.asked.localeCompare(a.request.asked) || a.id.localeCompare(b.id));
}

/** The id of the latest request for the same; undefined if there is none. */
export async function findRequest(
  folder: string,
  task: UnfinishedRequest['task'],
): Promise<string | undefined> {
  return (await listRequests(folder)).find(({ request }) => isDeepStrictEqual(request.task, task))?.id;
}

/**
 * Removes a request and its journals, but for those that another request goes on from as well. One that is not there
 * or damaged names no journals.
 * @throws DermOrbitError WRITE_FAILED
 */
export async function removeRequest(path: string): Promise<void> {
  const folder = dirname(path);
  const journals = (await readRequest(path).catch(() => null))?.journals ?? [];
  const others = (await listRequests(folder)).filter(({ id }) => requestFile(folder, id) !== path);
  const shared = new Set(others.flatMap(({ request }) => request.journals));
  try {
    for (const journal of journals.filter((name) => !shared.has(name))) {
      await rm(join(folder, journal), { force: true });
    }
    // Last, so that what a fault leaves is still listed.
    await rm(path, { force: true });
  } catch (thrown) {
    throw asDermOrbitError(thrown, 'WRITE_FAILED');
  }
}

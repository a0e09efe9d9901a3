// Runs as they lie on disk: what they were asked for, how far they are, what came of them. Reading only; what is damaged
// counts as absent, since a run that is listed wrongly could be resumed wrongly.
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { DermOrbitError } from '../../contract/errors.ts';
import { shownSubjects } from '../../contract/dataset.ts';
import { recipeSchema, trainTaskSchema, type Recipe, type TrainTask } from '../../contract/jobs.ts';
import { modelIdSchema } from '../../contract/manifest.ts';
import { runResultSchema } from '../../contract/training.ts';
import { runDataSchema, type RunDetails, type RunSummary } from '../../contract/training-runs.ts';
import { readCheckpointMeta, type CheckpointMeta } from '../checkpoint.ts';
import { runFiles } from './run-folder.ts';

/** Runs of a folder, the latest first. */
export async function listRuns(folder: string): Promise<RunSummary[]> {
  const names = await readdir(folder).catch(() => []);
  const ids = names.filter((name) => modelIdSchema.safeParse(name).success);
  const runs = await Promise.all(ids.map((id) => openRun(join(folder, id))));
  return runs
    .flatMap((run) => (run === null ? [] : [summarise(run)]))
    .sort((a, b) => b.changed.localeCompare(a.changed) || a.id.localeCompare(b.id));
}

/** @throws DermOrbitError RUN_NOT_FOUND */
export async function readRun(path: string): Promise<RunDetails> {
  const run = await openRun(path);
  if (run === null) throw notFound(path);
  const { task, recipe, meta, result } = run;
  return {
    ...summarise(run),
    recipe,
    folders: task && {
      training: basename(task.data.training.images),
      validation: task.data.validation && basename(task.data.validation.images),
    },
    figures: meta?.history ?? [],
    data: await readData(path),
    result,
  };
}

/** What a run was asked for. @throws DermOrbitError RUN_NOT_FOUND */
export async function readTask(path: string): Promise<TrainTask> {
  const task = await readJson(join(path, runFiles.request), trainTaskSchema);
  if (task === null) throw notFound(path);
  return task;
}

/** The rounds of a run and what it trained; null if it cannot be read. */
export async function readPace(path: string): Promise<Pick<OpenedRun, 'recipe' | 'meta'> | null> {
  return openRun(path);
}

function notFound(path: string): DermOrbitError {
  return new DermOrbitError('RUN_NOT_FOUND', `${basename(path)} does not say what it was asked for.`);
}

interface OpenedRun {
  readonly path: string;
  readonly task: TrainTask | null;
  readonly recipe: Recipe;
  readonly meta: CheckpointMeta | null;
  readonly result: z.infer<typeof runResultSchema> | null;
  readonly changed: string;
}

const anyRecipeSchema = recipeSchema(z.string());

/** As the run wrote it: `model` with its hash, everything else flat. */
const configSchema = z
  .object({ kind: z.string(), config: z.unknown(), model: z.object({ id: z.string() }).nullish() })
  .transform(({ kind, config, model }) => ({ kind, config, ...(model ? { model: model.id } : {}) }))
  .pipe(anyRecipeSchema);

async function openRun(path: string): Promise<OpenedRun | null> {
  const task = await readJson(join(path, runFiles.request), trainTaskSchema);
  // Runs of earlier versions have no request.
  const recipe = task?.recipe ?? (await readJson(join(path, runFiles.config), configSchema));
  if (recipe === null) return null;
  const [meta, result] = await Promise.all([
    readCheckpointMeta(join(path, runFiles.checkpoint)),
    readJson(join(path, runFiles.result), runResultSchema),
  ]);
  return { path, task, recipe, meta, result, changed: await lastChange(path) };
}

function summarise({ path, task, recipe, meta, result, changed }: OpenedRun): RunSummary {
  const { kind, config } = recipe;
  const best = meta?.history.find(({ round }) => round === meta.best);
  const state = result ? 'finished' : (meta?.round ?? 0) > 0 ? 'stopped' : 'begun';
  return {
    id: basename(path),
    kind,
    model: kind === 'scratch' ? null : recipe.model,
    method: kind === 'scratch' ? null : recipe.config.method,
    group: kind === 'scratch' ? null : recipe.config.group,
    state,
    round: meta?.round ?? 0,
    rounds: config.rounds,
    best: best ? { round: best.round, balancedAccuracy: best.balancedAccuracy } : null,
    changed,
    resumable: task !== null && state !== 'finished',
  };
}

async function readData(path: string): Promise<RunDetails['data']> {
  const data = await readJson(join(path, runFiles.data), runDataSchema);
  return (
    data && {
      ...data,
      problems: data.problems.map((problem) => ({
        ...problem,
        subjects: problem.subjects.slice(0, shownSubjects),
      })),
    }
  );
}

async function lastChange(path: string): Promise<string> {
  const times = await Promise.all(
    Object.values(runFiles).map((name) =>
      stat(join(path, name)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  return new Date(Math.max(...times)).toISOString();
}

async function readJson<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.output<Schema> | null> {
  try {
    const parsed = schema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

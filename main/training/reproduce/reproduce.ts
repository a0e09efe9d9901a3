// Reproducing a table of the papers, end to end: an imported model and a data set in; pre-finetuned, finetuned and measured
// models, and the table with the published numbers beside the measured ones, out. docs/EVALUATION.md, "Reproducing".
import type { ErrorRecord } from '../../contract/error-record.ts';
import { asDermOrbitError, DermOrbitError } from '../../contract/errors.ts';
import type { Reproduction } from '../../contract/reproduction.ts';
import type { TrainingEvent } from '../../contract/training-events.ts';
import type { ModelPackage } from '../../engine/store/package.ts';
import { finetune } from '../finetune.ts';
import { prefinetune } from '../prefinetune.ts';
import { measureStep } from './measure.ts';
import { foresee, secondsLeft } from './outlook.ts';
import type { Step } from './plan.ts';
import type { PreparedReproduction, ReproduceOptions } from './prepare.ts';
import { resultOf, type StepOutcome } from './result.ts';
import { installed } from './starting-model.ts';

/**
 * Does what is left. A row whose training diverges is told and left out; the others go on.
 * @throws DermOrbitError CANCELLED (the same call goes on where it was stopped), and of training and evaluations
 */
export async function reproduce(
  prepared: PreparedReproduction,
  { signal, onEvent }: ReproduceOptions = {},
): Promise<Reproduction> {
  const { steps, folder, images, secondsPerView: view } = prepared;
  const outcomes = new Map<string, StepOutcome>();
  for (const [id, measured] of prepared.before) outcomes.set(id, { measured, error: null });
  for (const [index, step] of steps.entries()) {
    if (outcomes.has(step.id)) continue;
    const foreseen = foresee(steps, images, view, ({ id }) => ({
      done: outcomes.has(id),
      seconds: folder.seconds(id),
    }));
    const config = step.kind === 'zero-shot' ? null : step.config;
    const { id, title } = step;
    onEvent?.({
      kind: 'step',
      ...{ id, title, number: index + 1, of: steps.length, secondsLeft: secondsLeft(foreseen), config },
    });
    const outcome = await outcomeOf(prepared, step, outcomes, { signal, onEvent });
    outcomes.set(id, outcome);
    if (outcome.measured) onEvent?.({ kind: 'measured', model: id, rows: outcome.measured.rows });
    else onEvent?.({ kind: 'failed', id, error: outcome.error });
  }
  return resultOf(prepared, outcomes);
}

async function outcomeOf(
  prepared: PreparedReproduction,
  step: Step,
  outcomes: ReadonlyMap<string, StepOutcome>,
  { signal, onEvent }: ReproduceOptions,
): Promise<StepOutcome> {
  const { folder, request, validation } = prepared;
  const failed = step.kind === 'finetune' ? outcomes.get(step.from)?.error : null;
  if (failed) return { measured: null, error: failed };
  try {
    const { provider, seed, data, work } = request;
    const measured = await folder.timed(step.id, async () =>
      measureStep(step, await modelOf(prepared, step, { signal, onEvent }), {
        ...{ source: data.validation, set: validation, provider, seed, work, signal },
        onImage: (done, total) => onEvent?.({ kind: 'measuring', model: step.id, done, total }),
      }),
    );
    return { measured, error: null };
  } catch (error) {
    const diverged = divergence(error);
    if (diverged) return { measured: null, error: diverged };
    throw asDermOrbitError(error);
  }
}

function divergence(error: unknown): ErrorRecord | null {
  return error instanceof DermOrbitError && error.code === 'TRAINING_DIVERGED' ? error.toRecord() : null;
}

/** The model of a step: installed already, or trained now. */
async function modelOf(
  { folder, request, start }: PreparedReproduction,
  step: Step,
  { signal, onEvent }: ReproduceOptions,
): Promise<ModelPackage> {
  if (step.kind === 'zero-shot') return start;
  const known = await installed(folder.store, step.id);
  if (known) return known;
  const { provider, data } = request;
  const common = {
    ...{ provider, data, out: step.id, run: folder.run(step.id), resume: true },
    model: await folder.store.find(step.from),
  };
  const options = {
    signal,
    onEvent: (event: TrainingEvent) => onEvent?.({ kind: 'training', event }),
  };
  return step.kind === 'prefinetune'
    ? prefinetune(folder.store, { ...common, config: step.config, cache: folder.cache(step.config) }, options)
    : finetune(folder.store, { ...common, config: step.config, cache: folder.cache() }, options);
}

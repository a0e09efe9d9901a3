// The Train screen: runs of the data folder, the one that is looked at, and what a training at work tells.
import type { Job } from '../../../main/contract/application-jobs.ts';
import { asDermOrbitError, type DermOrbitError } from '../../../main/contract/errors.ts';
import type { ModelSummary } from '../../../main/contract/manifest.ts';
import type { ProviderChoice } from '../../../main/contract/settings.ts';
import type { TrainingEvent } from '../../../main/contract/training-events.ts';
import type { RoundFigures } from '../../../main/contract/training.ts';
import {
  trainRequestSchema,
  type RunChanges,
  type RunDetails,
  type RunSummary,
  type TrainRequest,
} from '../../../main/contract/training-runs.ts';
import type { ApplicationClient } from '../../client/client.ts';
import { afterEvent, mergedFigures, startOfTraining, type TrainingProgress } from './training.ts';
import type { Jobs } from '../../state/jobs.svelte.ts';
import type { Notices } from '../../state/notices.svelte.ts';
import { TrainingForm } from './training-form.svelte.ts';

/** The models that a training can start from. */
type KnownModels = () => { readonly all: readonly ModelSummary[]; readonly chosen: ModelSummary | null };

export class TrainingState {
  readonly form: TrainingForm;
  startError = $state.raw<DermOrbitError | null>(null);

  runs = $state.raw<readonly RunSummary[]>([]);
  openId = $state<string | null>(null);
  open = $state.raw<RunDetails | null>(null);
  openError = $state.raw<DermOrbitError | null>(null);

  /** What the job at work, or the last one, told. */
  #live = $state.raw<{ job: string; progress: TrainingProgress } | null>(null);
  /** Events that come while the earlier ones are fetched. */
  #waiting: TrainingEvent[] | null = null;

  readonly #client: ApplicationClient;
  readonly #notices: Notices;
  readonly #jobs: Jobs;

  constructor(client: ApplicationClient, notices: Notices, jobs: Jobs, models: KnownModels) {
    this.#client = client;
    this.#notices = notices;
    this.#jobs = jobs;
    this.form = new TrainingForm(client, models, () => [...models().all, ...this.runs].map(({ id }) => id));
    jobs.onTrainingEvent((job, event) => {
      this.#hear(job, event);
    });
    jobs.onEnd((job) => {
      this.#ended(job);
    });
  }

  /** The latest job of the open run. */
  readonly job: Job | null = $derived.by(
    () => this.#jobs.all.find(({ runId }) => runId === this.openId) ?? null,
  );

  /** The training at work, of whichever run. */
  readonly running: Job | null = $derived.by(() =>
    this.#jobs.running?.kind === 'train' ? this.#jobs.running : null,
  );

  /** What the open run's job told; null if it has none of this session. */
  readonly progress: TrainingProgress | null = $derived.by(() =>
    this.#live !== null && this.#live.job === this.job?.id ? this.#live.progress : null,
  );

  readonly runningProgress: TrainingProgress | null = $derived.by(() =>
    this.#live !== null && this.#live.job === this.running?.id ? this.#live.progress : null,
  );

  /** The rounds of the open run, from its folder and from its job. */
  readonly figures: readonly RoundFigures[] = $derived.by(() =>
    mergedFigures(this.open?.figures ?? [], this.progress?.figures ?? []),
  );

  /** After the jobs are known. */
  async load(): Promise<void> {
    try {
      this.runs = await this.#client.call('trainingRuns', {});
      const running = this.#jobs.running;
      if (running?.kind === 'train') await this.#catchUp(running.id);
      if (this.openId !== null) await this.#fetch(this.openId);
    } catch (thrown) {
      this.#notices.fault(thrown);
    }
  }

  async start(provider: ProviderChoice): Promise<void> {
    const request = this.form.trainRequest(provider);
    if (request === null) return;
    this.startError = null;
    try {
      const job = await this.#client.call('startTraining', request);
      this.#jobs.receive(job);
      this.#begin(job);
      this.form.started();
      this.openId = request.out;
      this.openError = null;
      this.open = begunRun(request, this.form.training?.images.name ?? '');
    } catch (thrown) {
      this.startError = asDermOrbitError(thrown);
    }
  }

  async resume(run: string, changes: RunChanges): Promise<void> {
    try {
      const job = await this.#client.call('resumeTraining', { run, changes });
      this.#jobs.receive(job);
      this.#begin(job);
      if (this.openId === run) await this.#fetch(run);
    } catch (thrown) {
      this.#notices.fault(thrown);
    }
  }

  stop(): void {
    if (this.running !== null) void this.#jobs.cancel(this.running.id);
  }

  /** Opens a run; null: back to the form. */
  async show(run: string | null): Promise<void> {
    this.openId = run;
    this.open = null;
    this.openError = null;
    if (run !== null) await this.#fetch(run);
  }

  async remove(run: string): Promise<void> {
    try {
      await this.#client.call('removeRun', { run });
      if (this.openId === run) await this.show(null);
    } catch (thrown) {
      this.#notices.fault(thrown);
    }
  }

  async #fetch(run: string): Promise<void> {
    try {
      const open = await this.#client.call('trainingRun', { run });
      if (this.openId === run) this.open = open;
    } catch (thrown) {
      if (this.openId === run && this.open === null) this.openError = asDermOrbitError(thrown);
    }
  }

  #begin(job: Job): void {
    // Its first events may have come before the answer.
    if (this.#live?.job !== job.id) this.#live = { job: job.id, progress: startOfTraining };
  }

  /** What a job told before this page was there. */
  async #catchUp(job: string): Promise<void> {
    this.#waiting = [];
    const log = await this.#jobs.log(job);
    // An event may be in the log and have come as a notice meanwhile; both say the same.
    const late = this.#waiting.filter((event) => !log.some((known) => same(known, event)));
    this.#waiting = null;
    this.#live = { job, progress: [...log, ...late].reduce(afterEvent, startOfTraining) };
  }

  #hear(job: string, event: TrainingEvent): void {
    if (this.#waiting !== null) {
      this.#waiting.push(event);
      return;
    }
    const before = this.#live?.job === job ? this.#live.progress : startOfTraining;
    this.#live = { job, progress: afterEvent(before, event) };
    // Now its folder says what it was asked for, and what it uses.
    const first = event.kind === 'round' && before.figures.length === 0;
    if ((event.kind === 'data' || first) && this.openId !== null && this.job?.id === job) {
      void this.#fetch(this.openId);
    }
    if (event.kind === 'data') void this.#list();
  }

  async #list(): Promise<void> {
    try {
      this.runs = await this.#client.call('trainingRuns', {});
    } catch (thrown) {
      this.#notices.fault(thrown);
    }
  }

  #ended(job: Job): void {
    if (job.kind !== 'train') return;
    void this.#list();
    if (this.openId === job.runId) void this.#fetch(job.runId);
    if (job.state === 'done') this.#notices.show('done', 'Training finished', `${job.title} is installed.`);
    else if (job.state === 'failed' && job.error !== null && this.openId !== job.runId) {
      this.#notices.failure(job.error);
    }
  }
}

function same(a: TrainingEvent, b: TrainingEvent): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What is known of a run before its folder says it. */
function begunRun(request: TrainRequest, folder: string): RunDetails {
  // As the run will have it: with the defaults of what was left out.
  const { out, recipe, data } = trainRequestSchema.parse(request);
  const ofModel = recipe.kind === 'scratch' ? null : recipe;
  return {
    id: out,
    kind: recipe.kind,
    model: ofModel?.model ?? null,
    method: ofModel?.config.method ?? null,
    group: ofModel?.config.group ?? null,
    state: 'begun',
    round: 0,
    rounds: recipe.config.rounds,
    best: null,
    changed: new Date().toISOString(),
    resumable: false,
    recipe,
    folders: { training: folder, validation: data.validation === null ? null : '' },
    figures: [],
    data: null,
    result: null,
  };
}

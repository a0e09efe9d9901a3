// The Evaluate screen: what is chosen, what was found, which finished evaluation is open and what was clicked in it.
import type {
  EvaluateRequest,
  EvaluationSummary,
  InterruptedEvaluation,
  Job,
} from '../../../main/contract/application-jobs.ts';
import type { EvaluatedImage, ImageSelection } from '../../../main/contract/evaluated-images.ts';
import { asDermOrbitError, type DermOrbitError } from '../../../main/contract/errors.ts';
import type { EvaluatedModel, Evaluation, EvaluationRow } from '../../../main/contract/evaluation.ts';
import type { DatasetSummary } from '../../../main/contract/dataset.ts';
import type { ApplicationClient } from '../../client/client.ts';
import type { ChosenData } from '../../shared/chosen-data.ts';
import type { Jobs } from '../../state/jobs.svelte.ts';
import type { Notices } from '../../state/notices.svelte.ts';

/** Images behind a figure. */
export interface ShownImages {
  readonly selection: ImageSelection;
  /** What was clicked, in words. */
  readonly title: string;
  readonly model: string;
  readonly row: string;
  readonly total: number;
  /** Null while they are fetched. */
  readonly images: readonly EvaluatedImage[] | null;
}

/** Images fetched at once, and how many more each time. */
const imagesAtOnce = 60;

export class EvaluationState {
  data = $state.raw<ChosenData | null>(null);
  found = $state.raw<DatasetSummary | null>(null);
  /** A data set is being opened. */
  opening = $state(false);
  dataError = $state.raw<DermOrbitError | null>(null);
  startError = $state.raw<DermOrbitError | null>(null);

  /** Of earlier sessions; those of this one are jobs. */
  interrupted = $state.raw<readonly InterruptedEvaluation[]>([]);
  /** What came of the last attempt to resume one of them. */
  resumeError = $state.raw<{ readonly id: string; readonly error: DermOrbitError } | null>(null);
  recent = $state.raw<readonly EvaluationSummary[]>([]);
  openId = $state<string | null>(null);
  open = $state.raw<Evaluation | null>(null);
  openError = $state.raw<DermOrbitError | null>(null);
  modelId = $state<string | null>(null);
  rowId = $state<string | null>(null);
  shown = $state.raw<ShownImages | null>(null);

  readonly model: EvaluatedModel | null = $derived.by(
    () => this.open?.models.find(({ id }) => id === this.modelId) ?? this.open?.models[0] ?? null,
  );
  readonly row: EvaluationRow | null = $derived.by(
    () => this.model?.rows.find(({ id }) => id === this.rowId) ?? preferredRow(this.model),
  );

  #abort: AbortController | null = null;
  readonly #client: ApplicationClient;
  readonly #notices: Notices;
  readonly #jobs: Jobs;

  constructor(client: ApplicationClient, notices: Notices, jobs: Jobs) {
    this.#client = client;
    this.#notices = notices;
    this.#jobs = jobs;
    jobs.onEnd((job) => {
      this.#ended(job);
    });
  }

  async load(): Promise<void> {
    try {
      [this.recent, this.interrupted] = await Promise.all([
        this.#client.call('evaluations', {}),
        this.#client.call('interruptedEvaluations', {}),
      ]);
    } catch (thrown) {
      this.#notices.fault(thrown);
    }
  }

  /** Chooses data and looks into them. */
  async choose(data: ChosenData | null): Promise<void> {
    this.#abort?.abort();
    this.data = data;
    this.found = null;
    this.dataError = null;
    if (data === null) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.opening = true;
    try {
      const choice = {
        images: data.images.id,
        labels: data.labels?.id ?? null,
        lesions: data.lesions?.id ?? null,
      };
      const found = await this.#client.call('openDataset', { data: choice }, { signal: abort.signal });
      if (this.#abort === abort) this.found = found;
    } catch (thrown) {
      if (this.#abort === abort) this.dataError = asDermOrbitError(thrown);
    }
    if (this.#abort === abort) this.opening = false;
  }

  async start(request: Omit<EvaluateRequest, 'data'>): Promise<void> {
    const { data } = this;
    if (data === null) return;
    this.startError = null;
    const choice = {
      images: data.images.id,
      labels: data.labels?.id ?? null,
      lesions: data.lesions?.id ?? null,
    };
    try {
      this.#jobs.receive(await this.#client.call('startEvaluation', { ...request, data: choice }));
    } catch (thrown) {
      this.startError = asDermOrbitError(thrown);
    }
  }

  /** Goes on with an evaluation of an earlier session. */
  async resume(id: string): Promise<void> {
    this.resumeError = null;
    try {
      this.#jobs.receive(await this.#client.call('resumeEvaluation', { request: id }));
      this.interrupted = this.interrupted.filter((one) => one.id !== id);
    } catch (thrown) {
      this.resumeError = { id, error: asDermOrbitError(thrown) };
    }
  }

  /** Gives up an evaluation of an earlier session, and what was measured for it. */
  async discard(id: string): Promise<void> {
    try {
      await this.#client.call('discardEvaluation', { request: id });
    } catch (thrown) {
      this.#notices.fault(thrown);
    }
  }

  /** Opens a finished evaluation; null: back to the choice. */
  async show(id: string | null): Promise<void> {
    this.openId = id;
    this.open = null;
    this.openError = null;
    this.modelId = null;
    this.rowId = null;
    this.shown = null;
    if (id === null) return;
    try {
      const evaluation = await this.#client.call('evaluation', { evaluation: id });
      if (this.openId === id) this.open = evaluation;
    } catch (thrown) {
      if (this.openId === id) this.openError = asDermOrbitError(thrown);
    }
  }

  async remove(id: string): Promise<void> {
    try {
      await this.#client.call('removeEvaluation', { evaluation: id });
      if (this.openId === id) await this.show(null);
    } catch (thrown) {
      this.#notices.fault(thrown);
    }
  }

  /** Shows the images behind a figure of the row in view. */
  async showImages(selection: ImageSelection, title: string): Promise<void> {
    const { model, row } = this;
    if (model === null || row === null) return;
    this.shown = { selection, title, model: model.id, row: row.id, total: 0, images: null };
    await this.#fetch(this.shown, imagesAtOnce);
  }

  async moreImages(): Promise<void> {
    if (this.shown?.images == null) return;
    await this.#fetch(this.shown, this.shown.images.length + imagesAtOnce);
  }

  /** Another row in view: what is shown of it stands for nothing there. */
  chooseRow(id: string): void {
    this.rowId = id;
    this.shown = null;
  }

  chooseModel(id: string): void {
    const { row } = this;
    this.modelId = id;
    this.shown = null;
    // The same way of predicting, where the other model has it.
    this.rowId = row?.id ?? null;
  }

  async #fetch(shown: ShownImages, limit: number): Promise<void> {
    const id = this.openId;
    if (id === null) return;
    const { model, row, selection } = shown;
    try {
      const fetched = await this.#client.call('evaluatedImages', {
        evaluation: id,
        model,
        row,
        selection,
        limit,
      });
      if (this.shown?.selection === selection) this.shown = { ...shown, ...fetched };
    } catch (thrown) {
      this.#notices.fault(thrown);
      if (this.shown?.selection === selection && this.shown.images === null) this.shown = null;
    }
  }

  #ended(job: Job): void {
    if (job.kind !== 'evaluate') return;
    if (job.state === 'done' && job.result !== null) {
      // Who reads another result is not torn away from it.
      if (this.openId === null) void this.show(job.result);
      this.#notices.show('done', 'Evaluation finished', job.title);
    } else if (job.state === 'failed' && job.error !== null) {
      this.#notices.failure(job.error);
    }
  }
}

/** What is looked at first: an invariant method that keeps its frame, else the first row. */
function preferredRow(model: EvaluatedModel | null): EvaluationRow | null {
  const rows = model?.rows ?? [];
  const preferred = (['lambda', 'equitune'] as const).map((method) =>
    rows.find(({ settings }) => settings.method === method && settings.head === 'orbit'),
  );
  return preferred.find((row) => row !== undefined) ?? rows[0] ?? null;
}

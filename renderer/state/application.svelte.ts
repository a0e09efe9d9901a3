// The whole state of the page: made once the session is known, handed down by context, driven by notices from
// the main side and by the person. Parts and views hold no state that another part needs.
import { createContext } from 'svelte';
import { readExtensions } from '../../main/contract/image-kinds.ts';
import { skippedStep, someNames } from '../../main/contract/skipped.ts';
import type { Addition, EngineState, Notice, Session, ViewName } from '../../main/contract/application.ts';
import type { RequestBase } from '../../main/contract/engine.ts';
import { asDermOrbitError, nextStep } from '../../main/contract/errors.ts';
import type { ModelSummary } from '../../main/contract/manifest.ts';
import type { Settings, SettingsChoice } from '../../main/contract/settings.ts';
import type { ApplicationClient } from '../client/client.ts';
import { changedChoice, decideSettings, madeOtherwise } from '../../main/equivariance/settings.ts';
import { hasBadFile, hasFailed } from './list.ts';
import { count } from '../../main/words/words.ts';
import { Caches } from '../screens/train/caches.svelte.ts';
import { EvaluationState } from '../screens/evaluate/evaluation.svelte.ts';
import { Exports } from './exports.svelte.ts';
import { InspectionState } from './inspection.svelte.ts';
import { Jobs } from './jobs.svelte.ts';
import { Models } from './models.svelte.ts';
import { Notices } from './notices.svelte.ts';
import { PreferencesState } from './preferences.svelte.ts';
import { Run } from './run.svelte.ts';
import { TrainingState } from '../screens/train/training.svelte.ts';
import { TurnTest } from '../screens/turn-test/turn-test.svelte.ts';
import { WorkList } from './worklist.svelte.ts';

export class Application {
  session: Session;
  view = $state<ViewName>('classify');
  engine: EngineState;
  connected = $state(true);
  /** Files are being added (a large folder takes a while). */
  adding = $state(false);
  evidenceShown = $state(false);
  helpOpen = $state(false);
  /** Restarts of the engine that a message was shown for. */
  #restartsTold: number;

  readonly client: ApplicationClient;
  readonly notices = new Notices();
  readonly preferences: PreferencesState;
  readonly list: WorkList;
  readonly run: Run;
  readonly inspection: InspectionState;
  readonly turnTest: TurnTest;
  readonly models: Models;
  readonly exports: Exports;
  readonly jobs: Jobs;
  readonly evaluation: EvaluationState;
  readonly training: TrainingState;
  readonly caches: Caches;

  constructor(client: ApplicationClient, session: Session) {
    this.client = client;
    this.session = $state.raw(session);
    this.engine = $state.raw(session.engine);
    this.#restartsTold = session.engine.restarts;
    this.preferences = new PreferencesState(client, this.notices, session.preferences);
    this.list = new WorkList(this.preferences);
    this.run = new Run(client, this.list, this.notices, () => this.base);
    this.inspection = new InspectionState(client);
    this.turnTest = new TurnTest(client);
    this.models = new Models(client, this.notices);
    this.exports = new Exports(client, this.notices);
    this.jobs = new Jobs(client, this.notices);
    this.evaluation = new EvaluationState(client, this.notices, this.jobs);
    this.training = new TrainingState(client, this.notices, this.jobs, () => ({
      all: this.models.summaries,
      chosen: this.model,
    }));
    this.caches = new Caches(client, this.notices, this.jobs);
    if (session.preferencesProblem !== null) {
      const { message, setAside } = session.preferencesProblem;
      this.notices.show('note', 'Settings were reset', `${message} The old file is kept as ${setAside}.`);
    }
  }

  /** Model, provider and settings that every question is asked with. */
  readonly base: RequestBase = $derived.by(() => {
    const { model, provider, settings } = this.preferences.current;
    return { ...(model === null ? {} : { model }), provider, settings };
  });

  readonly model: ModelSummary | null = $derived.by(() => {
    const { summaries } = this.models;
    const wanted = this.preferences.current.model;
    return (
      summaries.find(({ id }) => id === wanted) ??
      summaries.find(({ bundled }) => bundled) ??
      summaries[0] ??
      null
    );
  });

  readonly settings: Settings = $derived.by(() =>
    decideSettings(
      this.preferences.current.settings,
      this.model?.combiners ?? ['lambda'],
      this.model?.features !== null,
    ),
  );

  /** Whether results in the list were made with another model or other settings than those chosen now. */
  readonly staleIds: readonly string[] = $derived.by(() =>
    this.list.entries
      .filter(({ result }) => {
        if (result === null) return false;
        if (this.model !== null && result.model.id !== this.model.id) return true;
        return madeOtherwise(result, this.preferences.current.settings, this.settings);
      })
      .map(({ item }) => item.id),
  );

  /** Images that failed for no fault of their own. */
  readonly retryIds: readonly string[] = $derived.by(() =>
    this.list.entries.filter((entry) => hasFailed(entry) && !hasBadFile(entry)).map(({ item }) => item.id),
  );

  readonly waitingIds: readonly string[] = $derived.by(() =>
    this.list.items.filter(({ record }) => record === null).map(({ id }) => id),
  );

  /** Loads what the page starts from; again after the connection was lost. */
  async load(): Promise<void> {
    await Promise.all([this.models.load(), this.jobs.load(), this.evaluation.load()]);
    await Promise.all([this.training.load(), this.caches.load()]);
    try {
      this.list.replace(await this.client.call('workList', {}));
    } catch (thrown) {
      this.notices.fault(thrown);
    }
  }

  async reconnect(): Promise<void> {
    this.connected = true;
    try {
      this.session = await this.client.call('session', {});
      this.engine = this.session.engine;
      await this.load();
    } catch (thrown) {
      this.notices.fault(thrown);
    }
  }

  /** New images are classified at once; nobody drops images in order to press another button. */
  receive(notice: Exclude<Notice, { kind: 'command' }>): void {
    switch (notice.kind) {
      case 'itemsAdded': {
        const fresh = this.list.add(notice.items);
        // Who cancels while a folder is still being added does not want its rest to start again.
        if (!(this.adding && this.run.end?.kind === 'cancelled')) {
          this.run.start(fresh.filter(({ record }) => record === null).map(({ id }) => id));
        }
        break;
      }
      case 'itemsRemoved':
        this.list.remove(notice.images);
        break;
      case 'engine':
        this.#follow(notice.engine);
        break;
      case 'preferences':
        this.preferences.receive(notice.preferences);
        break;
      case 'modelsChanged':
        void this.models.load();
        break;
      case 'job':
        this.jobs.receive(notice.job);
        break;
      case 'trainingEvent':
        this.jobs.receiveEvent(notice.job, notice.event);
        break;
      case 'evaluationsChanged':
        void this.evaluation.load();
        break;
      case 'runsChanged':
        void this.training.load();
        break;
      case 'cachesChanged':
        void this.caches.load();
        break;
      case 'openView':
        this.view = notice.view;
        break;
    }
  }

  /** Starts the engine anew, whatever state it is in. */
  async restartEngine(): Promise<void> {
    try {
      await this.client.call('restartEngine', {});
    } catch (thrown) {
      this.notices.fault(thrown);
    }
  }

  #follow(engine: EngineState): void {
    this.engine = engine;
    if (engine.state === 'ready' && engine.restarts > this.#restartsTold) {
      this.#restartsTold = engine.restarts;
      const again = { words: 'Restart it again', act: () => void this.restartEngine() };
      this.notices.show('note', 'The engine stopped and was restarted', engine.message ?? '', again);
    }
    // A run that ended for want of an engine goes on when there is one.
    if (engine.state === 'ready' && this.run.end?.error?.code === 'ENGINE_ABSENT') {
      this.run.start(this.waitingIds);
    }
    if (engine.state === 'ready' && this.inspection.error?.code === 'ENGINE_ABSENT') {
      if (this.list.chosenId !== null) this.inspection.ask(this.list.chosenId, this.base);
    }
  }

  /** Adds images by whichever way, and says what was left out. */
  async add(act: () => Promise<Addition>): Promise<void> {
    this.adding = true;
    if (!this.run.active) this.run.end = null;
    try {
      this.#reportAddition(await act());
    } catch (thrown) {
      this.notices.fault(thrown);
    }
    this.adding = false;
  }

  /** Opens a dialog for images: the main side's where it has one, else the browser's. */
  openImages(kind: 'files' | 'folder'): void {
    if (this.session.dialogs) {
      void this.add(() => this.client.call('chooseImages', { kind }));
      return;
    }
    const input = document.createElement('input');
    input.type = 'file';
    input.multiple = true;
    if (kind === 'folder') input.webkitdirectory = true;
    else input.accept = readExtensions.join(',');
    input.addEventListener('change', () => {
      const files = [...(input.files ?? [])];
      if (files.length > 0) void this.add(() => this.client.addFiles(files));
    });
    input.click();
  }

  async removeImages(images: string[]): Promise<void> {
    if (images.length === 0) return;
    try {
      await this.client.call('removeImages', { images });
      this.list.remove(images);
    } catch (thrown) {
      this.notices.fault(thrown);
    }
  }

  /** Changes how predictions are made; takes effect at once. */
  choose(change: SettingsChoice): void {
    this.preferences.change({ settings: changedChoice(this.preferences.current.settings, change) });
  }

  #reportAddition({ added, duplicates, errors, skipped }: Addition): void {
    const left: string[] = [];
    if (duplicates > 0) left.push(`${count(duplicates, 'image')} already in the list`);
    for (const { name, error } of errors.slice(0, 2)) {
      this.notices.failure(error, name);
    }
    if (errors.length > 2)
      this.notices.show('fault', `${count(errors.length - 2, 'more path')} cannot be used`);
    for (const group of skipped.slice(0, 3)) {
      const step = skippedStep(group, 'app');
      left.push(`${group.text} left out (${someNames(group)})${step && `: ${step}`}`);
    }
    if (skipped.length > 3) left.push(`${count(skipped.length - 3, 'more kind')} of files left out`);
    if (left.length > 0) {
      this.notices.show(
        'note',
        added === 0 ? 'Nothing added' : `${count(added, 'image')} added`,
        `${left.join('; ')}.`,
      );
    }
  }
}

/** What the page shows when the session itself cannot be had. */
export function startProblem(thrown: unknown): { title: string; text: string } {
  const error = asDermOrbitError(thrown);
  return { title: error.title, text: `${error.message} ${nextStep(error, 'app')}` };
}

export const [useApplication, provideApplication] = createContext<Application>();

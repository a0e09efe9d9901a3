// The engine in this process: the contract's operations on models, images and providers. The CLI and tests call it
// directly; the desktop app runs the same object in a process of its own (process/).
import type { EngineApi, ProviderStatus, RequestBase } from '../contract/engine.ts';
import { engineContract } from '../contract/engine.ts';
import { median } from '../base/median.ts';
import { asDermOrbitError, DermOrbitError } from '../contract/errors.ts';
import type { Call } from '../contract/operations.ts';
import { dispatch, type Fault, type Handlers } from '../rpc/dispatch.ts';
import { isFailure } from '../contract/record.ts';
import type { Provider, ProviderChoice, Settings } from '../contract/settings.ts';
import { resolveSettings } from '../equivariance/settings.ts';
import { classifyFiles, prepareImage } from './classify.ts';
import { defaultModelFolders, type ModelFolders } from './folders.ts';
import { Inspector } from './inspect.ts';
import { knownImage, loadModel, type LoadedModel } from './model.ts';
import { ImageOrbit } from './orbit.ts';
import { predict } from './predict.ts';
import { knownProviders } from './providers.ts';
import { importModel } from './store/import.ts';
import { summarise, verifyPackage } from './store/package.ts';
import { ModelStore } from './store/store.ts';
import { turnTest } from './turn-test.ts';

export interface EngineOptions {
  readonly folders?: ModelFolders | undefined;
}

/** How often a provider is timed for its status; the median is told. */
const timedRuns = 5;

export function createEngine({ folders = defaultModelFolders() }: EngineOptions = {}): EngineApi {
  return new Engine(folders);
}

class Engine implements EngineApi {
  readonly #store: ModelStore;
  /** Opened models by content and provider, so that two questions at once open a model once. */
  readonly #models = new Map<string, Promise<{ model: LoadedModel; inspector: Inspector }>>();
  readonly #handlers: Handlers<typeof engineContract, null>;

  constructor(folders: ModelFolders) {
    this.#store = new ModelStore(folders);
    this.#handlers = {
      models: async () => (await this.#store.list()).packages.map(summarise),
      model: (_, { id }) => this.#store.details(id),
      verifyModel: async (_, { id }) => verifyPackage(await this.#store.find(id)),
      removeModel: async (_, { id }) => {
        // Not opened first: what is damaged must be removable, or its id would stay taken for good.
        const folder = await this.#store.remove(id);
        await this.#release((key) => key.startsWith(`${folder} `));
        return {};
      },
      importModel: async (_, request, { signal, onEvent }) =>
        summarise(await importModel(this.#store, request, { signal, onProgress: onEvent })),
      providers: (_, { model }) => this.#providers(model),
      classify: async (_, { paths, ...request }, { signal, onEvent }) => {
        const { model, settings } = await this.#prepare(request);
        const counts = { classified: 0, failed: 0 };
        for await (const { index, record } of classifyFiles(model, settings, paths, { signal })) {
          counts[isFailure(record) ? 'failed' : 'classified']++;
          onEvent({ index, record });
          // Lets a cancellation that arrived during the native call be heard before the next one.
          await new Promise(setImmediate);
        }
        return counts;
      },
      inspect: async (_, { path, ...request }) => {
        const { inspector, settings } = await this.#prepare(request);
        return inspector.inspect(path, settings);
      },
      turnTest: async (_, { path, step, ...request }, { signal, onEvent }) => {
        const { model, settings } = await this.#prepare(request);
        const { square } = await prepareImage(path, model.manifest.input.size, signal);
        let points = 0;
        for await (const point of turnTest(model, settings, square, step, signal)) {
          points++;
          onEvent(point);
          await new Promise(setImmediate);
        }
        return { points };
      },
    };
  }

  readonly call: Call<typeof engineContract> = (operation, input, options) =>
    dispatch(engineContract, this.#handlers, null, operation, input, options, requestError);

  async close(): Promise<void> {
    await this.#release(() => true);
  }

  async #prepare({ model: id, provider = 'auto', settings: choice = {} }: RequestBase) {
    const opened = await this.#open(id, provider);
    const settings: Settings = resolveSettings(
      choice,
      opened.model.combiners,
      opened.model.manifest.features !== null,
    );
    return { ...opened, settings };
  }

  async #open(id: string | undefined, provider: ProviderChoice) {
    const found = await this.#store.find(id);
    const key = `${found.folder} ${found.sha256} ${provider}`;
    const known = this.#models.get(key);
    if (known) return known;
    const opening = loadModel(found, provider).then((model) => ({ model, inspector: new Inspector(model) }));
    this.#models.set(key, opening);
    // A model that could not be opened may be openable later: the failure is not kept.
    opening.catch(() => this.#models.delete(key));
    return opening;
  }

  async #providers(id: string | undefined): Promise<ProviderStatus[]> {
    const statuses: ProviderStatus[] = [];
    for (const provider of knownProviders()) statuses.push(await this.#providerStatus(id, provider));
    return statuses;
  }

  /** Opens the model anew, on this provider alone, and lets go of it again. */
  async #providerStatus(id: string | undefined, provider: Provider): Promise<ProviderStatus> {
    try {
      const model = await loadModel(await this.#store.find(id), provider);
      try {
        return { provider, usable: true, reason: null, milliseconds: await medianMilliseconds(model) };
      } finally {
        await model.release();
      }
    } catch (error) {
      return { provider, usable: false, reason: asDermOrbitError(error).message, milliseconds: null };
    }
  }

  async #release(chosen: (key: string) => boolean): Promise<void> {
    const released = [...this.#models].filter(([key]) => chosen(key));
    for (const [key, opening] of released) {
      this.#models.delete(key);
      await opening.then(
        ({ model }) => model.release(),
        () => undefined,
      );
    }
  }
}

/** What people type at the command line comes to these fields unchecked. */
function requestError(_operation: string, { field, why }: Fault): DermOrbitError {
  return new DermOrbitError(
    field === 'provider' ? 'PROVIDER_UNKNOWN' : 'OPTION_INVALID',
    `${field}: ${why}.`,
  );
}

/** Median milliseconds of one prediction with the default settings, from pixels to probabilities. */
async function medianMilliseconds(model: LoadedModel): Promise<number> {
  const settings = resolveSettings({}, model.combiners, model.manifest.features !== null);
  const times: number[] = [];
  for (let run = 0; run <= timedRuns; run++) {
    const start = performance.now();
    await predict(new ImageOrbit(model, knownImage(model.manifest.input.size)), settings);
    times.push(performance.now() - start);
  }
  // The first run warms up and does not count.
  return median(times.slice(1));
}

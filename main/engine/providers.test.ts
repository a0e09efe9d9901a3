// Which provider a model runs on. The runtime is the real one on cpu; other providers are played by it, with the
// faults that real ones have: not built in, not installed, refusing, failing later, or computing something else.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { DermOrbitError } from '../contract/errors.ts';
import type { Provider } from '../contract/settings.ts';
import { temporaryStore } from '../testing/model-store.ts';
import { smallImport } from '../testing/random-model.ts';
import { createEngine } from './engine.ts';
import { loadModel } from './model.ts';
import { candidates, knownProviders, onFirstUsable, parseProvider } from './providers.ts';
import type * as Runtime from './runtime.ts';
import { importModel } from './store/import.ts';
import type { ModelPackage } from './store/package.ts';

/** How a provider behaves; those that are absent are not part of the build. */
interface Played {
  readonly missing?: string;
  readonly refuses?: string;
  readonly fails?: string;
  /** Each result times this. */
  readonly factor?: number;
}

interface PlayedRuntime {
  providers: Partial<Record<string, Played>>;
  /** Sessions that have not been released. */
  open: number;
}

const played = vi.hoisted((): PlayedRuntime => ({ providers: {}, open: 0 }));

vi.mock('./runtime.ts', async (importOriginal) => {
  const real = await importOriginal<typeof Runtime>();
  return {
    ...real,
    runtimeProviders: () => new Set(['cpu', ...Object.keys(played.providers)]),
    missingLibrary: (provider: Provider) => played.providers[provider]?.missing ?? null,
    openSession: async (model: Uint8Array, provider: Provider): Promise<Runtime.RuntimeSession> => {
      const { refuses, fails, factor = 1 } = played.providers[provider] ?? {};
      if (refuses !== undefined) throw new Error(refuses);
      const session = await real.openSession(model, 'cpu');
      played.open++;
      return {
        run: async (feeds) => {
          if (fails !== undefined) throw new DermOrbitError('INFERENCE_FAILED', fails);
          const outputs = await session.run(feeds);
          for (const { data } of Object.values(outputs))
            data.forEach((value, i) => (data[i] = value * factor));
          return outputs;
        },
        release: async () => {
          played.open--;
          await session.release();
        },
      };
    },
  };
});

const temporary = temporaryStore();
let opened: ModelPackage;
beforeAll(async () => {
  opened = await importModel(temporary.store, smallImport(temporary, { id: 'small' }));
});
afterEach(() => {
  played.providers = {};
  // Whatever was tried and given up has been released.
  expect(played.open).toBe(0);
});
afterAll(() => {
  temporary.remove();
});

/** The provider a model ends on. */
async function providerFor(choice: Parameters<typeof loadModel>[1]): Promise<Provider> {
  const model = await loadModel(opened, choice);
  await model.release();
  return model.provider;
}

it('knows the names of the contract, and no others', () => {
  expect(parseProvider('auto')).toBe('auto');
  expect(parseProvider('webgpu')).toBe('webgpu');
  for (const name of ['gpu', 'CPU', '', 'cuda ', '__proto__']) {
    expect(() => parseProvider(name)).toThrow(expect.objectContaining({ code: 'PROVIDER_UNKNOWN' }));
  }
});

describe('auto', () => {
  it.each([
    ['win32', ['cuda', 'dml', 'cpu']],
    ['linux', ['cuda', 'cpu']],
    ['darwin', ['coreml', 'cpu']],
    ['freebsd', ['cpu']],
  ] as const)('on %s tries %o', (platform, order) => {
    expect(candidates('auto', platform)).toEqual(order);
  });

  it('lists the providers of this build in the order of the contract', () => {
    played.providers = { webgpu: {}, cuda: {}, somethingNew: {} };
    expect(knownProviders()).toEqual(['cuda', 'webgpu', 'cpu']);
  });

  // The first of this platform's providers; where there is none but cpu, there is nothing to fall back from.
  const [first] = candidates('auto');
  it.skipIf(first === 'cpu').each<[string, Partial<Record<string, Played>>, Provider]>([
    ['works', { [first!]: {} }, first!],
    ['is not part of the build', {}, 'cpu'],
    ['is not installed', { [first!]: { missing: 'library not there' } }, 'cpu'],
    ['refuses the model', { [first!]: { refuses: 'no adapter found' } }, 'cpu'],
    ['fails on the known image', { [first!]: { fails: 'device lost' } }, 'cpu'],
    ['computes something else', { [first!]: { factor: 1.1 } }, 'cpu'],
    ['computes nothing', { [first!]: { factor: NaN } }, 'cpu'],
    ['rounds more than cpu', { [first!]: { factor: 1.001 } }, first!],
  ])('falls back without a word where the first %s', async (_, providers, expected) => {
    played.providers = providers;
    expect(await providerFor('auto')).toBe(expected);
  });
});

describe('a provider asked for by name', () => {
  it('is used where it works, and named in what it computes', async () => {
    played.providers = { webgpu: { factor: 1.001 } };
    expect(await providerFor('webgpu')).toBe('webgpu');
    expect(await providerFor('cpu')).toBe('cpu');
  });

  it.each<[string, Partial<Record<string, Played>>, RegExp]>([
    ['is not part of the build', {}, /webgpu: not part of this build/],
    ['is not installed', { webgpu: { missing: 'libwebgpu is not installed' } }, /libwebgpu is not installed/],
    ['refuses', { webgpu: { refuses: 'no adapter found' } }, /no adapter found/],
    ['fails', { webgpu: { fails: 'device lost' } }, /device lost/],
    ['disagrees with cpu', { webgpu: { factor: 0.9 } }, /away from cpu/],
    ['gives NaN', { webgpu: { factor: NaN } }, /away from cpu/],
  ])('is not replaced where it %s', async (_, providers, message) => {
    played.providers = providers;
    await expect(loadModel(opened, 'webgpu')).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      message: expect.stringMatching(message) as unknown,
    });
  });
});

it('a damaged model is told as that, whatever the provider', async () => {
  const damaged = () => Promise.reject(new DermOrbitError('MODEL_HASH_MISMATCH', 'changed'));
  played.providers = { cuda: {}, dml: {}, coreml: {} };
  for (const choice of ['auto', 'cuda', 'cpu'] as const) {
    await expect(onFirstUsable(choice, damaged)).rejects.toMatchObject({ code: 'MODEL_HASH_MISMATCH' });
  }
});

it('where not even cpu works, the reason is told with a code', async () => {
  const broken = () => Promise.reject(new Error('invalid model'));
  await expect(onFirstUsable('auto', broken)).rejects.toMatchObject({
    code: 'INFERENCE_FAILED',
    message: 'invalid model',
  });
});

it('the status of each provider says whether it works, why not, and how fast it is', async () => {
  played.providers = { webgpu: { factor: 2 }, cuda: { missing: 'libcuda is not installed' } };
  const engine = createEngine({ folders: temporary.folders });
  const statuses = await engine.call('providers', { model: 'small' });
  await engine.close();
  expect(statuses).toEqual([
    { provider: 'cuda', usable: false, reason: 'cuda: libcuda is not installed', milliseconds: null },
    {
      provider: 'webgpu',
      usable: false,
      reason: expect.stringContaining('away from cpu') as unknown,
      milliseconds: null,
    },
    { provider: 'cpu', usable: true, reason: null, milliseconds: expect.any(Number) as unknown },
  ]);
});

it('an engine opens a model once for each provider, however often and whenever it is asked', async () => {
  played.providers = { webgpu: {} };
  const engine = createEngine({ folders: temporary.folders });
  const path = '/nowhere.png';
  const ask = (provider: 'cpu' | 'webgpu') =>
    engine.call('classify', { model: 'small', provider, paths: [path] });
  await Promise.all([ask('cpu'), ask('cpu'), ask('webgpu')]);
  await ask('webgpu');
  // Tower, the halves of the pool and six networks on each of the two.
  expect(played.open).toBe(18);
  await engine.close();
});

// ONNX Runtime behind a small interface: float32 tensors in, float32 tensors out, on one provider.
// session.run is a synchronous native call: it blocks the thread that makes it (hence the engine process).
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ort from 'onnxruntime-node';
import { callNatively } from '../base/process/deaf.ts';
import { asDermOrbitError, DermOrbitError } from '../contract/errors.ts';
import type { Provider } from '../contract/settings.ts';
import { tensor, type Tensor } from '../contract/tensor.ts';
import { encodeModel } from '../onnx/codec.ts';
import type { Constant, ElementType, Model } from '../onnx/graph.ts';

const require = createRequire(import.meta.url);

export type Feed = Tensor | { readonly data: BigInt64Array; readonly dims: readonly number[] };

/** A loaded graph. */
export interface RuntimeSession {
  /**
   * Runs the graph once.
   * @throws DermOrbitError INFERENCE_FAILED, OUT_OF_MEMORY
   */
  run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
}

/** What each provider needs to be told, beside its name. */
const providerOptions: Readonly<Record<Provider, ort.InferenceSession.SessionOptions>> = {
  cpu: { executionProviders: ['cpu'] },
  cuda: { executionProviders: ['cuda', 'cpu'] },
  tensorrt: { executionProviders: ['tensorrt', 'cuda', 'cpu'] },
  // DirectML supports neither memory patterns nor parallel execution.
  dml: { executionProviders: ['dml', 'cpu'], enableMemPattern: false, executionMode: 'sequential' },
  webgpu: { executionProviders: ['webgpu', 'cpu'] },
  coreml: { executionProviders: ['coreml', 'cpu'] },
};

// The runtime's own messages about graph optimisation are not for the people who use the product.
ort.env.logLevel = 'error';

/** Providers that this build of the runtime brings, bundled or to be set up by the person. */
export function runtimeProviders(): ReadonlySet<string> {
  return new Set(ort.listSupportedBackends().map(({ name }) => name));
}

/** The version of ONNX Runtime, as reports carry it. */
export const runtimeVersion = ort.env.versions.node ?? ort.env.versions.common;

/** Libraries that a provider loads at run time where they are not bundled, beside the runtime's own. */
const providerLibraries: Readonly<Partial<Record<Provider, string>>> = { cuda: 'cuda', tensorrt: 'tensorrt' };

/**
 * Why a provider cannot be used, as far as files tell: asking the runtime for a missing library makes it write
 * alarming lines to standard error.
 * @returns null if nothing speaks against trying
 */
export function missingLibrary(provider: Provider): string | null {
  const library = providerLibraries[provider];
  if (library === undefined) return null;
  const folder = join(
    dirname(require.resolve('onnxruntime-node/package.json')),
    'bin',
    'napi-v6',
    process.platform,
    process.arch,
  );
  const name =
    process.platform === 'win32'
      ? `onnxruntime_providers_${library}.dll`
      : `libonnxruntime_providers_${library}.so`;
  return existsSync(join(folder, name)) ? null : `${name} is not installed (npm run setup:cuda fetches it)`;
}

/**
 * Idle threads of the runtime sleep instead of spinning. Spinning gains little on an idle machine, but takes the
 * cores from decoding, from the window and from everything else: beside other work, predictions take half the time
 * without it.
 */
const yieldingThreads = { session: { intra_op: { allow_spinning: '0' } } };

/**
 * Bytes of a command line behind which no session is opened. When it makes its first one on Linux, ONNX Runtime 1.30
 * searches /proc/self/cmdline with a regular expression that recurses once per character: some 300 bytes of stack each,
 * so that the 8 MB of a usual stack end between 24 and 30 thousand characters, in a segmentation fault.
 */
const longestCommandLine = 16_384;
let commandLineChecked = process.platform !== 'linux';

/** @throws DermOrbitError COMMAND_LINE_TOO_LONG; nobody meets it whose program starts as cli/dermorbit.ts does */
function requireShortCommandLine(): void {
  if (commandLineChecked) return;
  const { length } = readFileSync('/proc/self/cmdline');
  if (length > longestCommandLine) {
    throw new DermOrbitError(
      'COMMAND_LINE_TOO_LONG',
      `ONNX Runtime would crash behind a command line of ${length} bytes.`,
    );
  }
  commandLineChecked = true;
}

/** Milliseconds that opening a graph may take: some providers compile it. */
const openLimit = 900_000;
/** Milliseconds that any run may take. */
const runLimit = 60_000;
/**
 * Products per second that the slowest computer makes beside other work: two old cores, both taken four times over by
 * others, made 2e10 (the bundled model; `npm run bench` tells those of a computer).
 */
const slowestRate = 5e8;

/** How a graph is opened. */
export interface OpenOptions {
  /** `extended` for training graphs: what `all` adds are other memory layouts, which need constant weights to pay. */
  readonly optimization?: 'all' | 'extended';
  /** Multiplications of one run at most (onnx/bounds.ts): a run that takes far longer than they can is ended. */
  readonly work?: number;
}

/**
 * Loads a graph.
 * @param model ONNX bytes, already found safe (onnx/codec.ts)
 * @throws whatever the runtime throws if the provider cannot be used
 */
export async function openSession(
  model: Uint8Array,
  provider: Provider,
  { optimization = 'all', work }: OpenOptions = {},
): Promise<RuntimeSession> {
  requireShortCommandLine();
  const create = () =>
    ort.InferenceSession.create(model, {
      ...providerOptions[provider],
      graphOptimizationLevel: optimization,
      logSeverityLevel: 3,
      extra: yieldingThreads,
    });
  const session = await (work === undefined ? create() : callNatively(openLimit, create));
  // A training graph takes as long as its batch is large, which its owner chose.
  const limit = work === undefined ? null : runLimit + (work / slowestRate) * 1000;
  return {
    async run(feeds) {
      const inputs = Object.fromEntries(
        Object.entries(feeds).map(([name, feed]) => [name, asRuntimeTensor(feed)]),
      );
      let outputs: Awaited<ReturnType<typeof session.run>>;
      try {
        const run = () => session.run(inputs);
        outputs = await (limit === null ? run() : callNatively(limit, run));
      } catch (error) {
        throw asDermOrbitError(error, 'INFERENCE_FAILED');
      }
      return Object.fromEntries(
        Object.entries(outputs).map(([name, output]) => [
          name,
          tensor(output.data as Float32Array, output.dims),
        ]),
      );
    },
    release: () => session.release(),
  };
}

const typeNames: Readonly<Partial<Record<string, ElementType>>> = {
  ...{ float32: 'float32', float64: 'float64', int64: 'int64', int32: 'int32' },
  ...{ int8: 'int8', uint8: 'uint8', bool: 'bool' },
};

/**
 * Computes the outputs of a graph without inputs.
 * @throws DermOrbitError INFERENCE_FAILED, OUT_OF_MEMORY
 */
export async function evaluateConstants(model: Model): Promise<Map<string, Constant>> {
  requireShortCommandLine();
  try {
    const session = await ort.InferenceSession.create(encodeModel(model), {
      ...providerOptions.cpu,
      graphOptimizationLevel: 'disabled',
      logSeverityLevel: 3,
      extra: yieldingThreads,
    });
    try {
      const found = await session.run({});
      return new Map(Object.entries(found).map(([name, value]) => [name, asConstant(name, value)]));
    } finally {
      await session.release();
    }
  } catch (error) {
    throw asDermOrbitError(error, 'INFERENCE_FAILED');
  }
}

function asConstant(name: string, { type: runtimeType, dims, data }: ort.Tensor): Constant {
  const type = typeNames[runtimeType];
  if (!type) throw new TypeError(`${name} is of ${runtimeType}, which no graph here holds`);
  const view = data as Float32Array;
  return { type, dims, bytes: new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice() };
}

function asRuntimeTensor({ data, dims }: Feed): ort.Tensor {
  return data instanceof BigInt64Array
    ? new ort.Tensor('int64', data, dims)
    : new ort.Tensor('float32', data, dims);
}

// Which provider a model runs on: the person's choice, or the first of the platform's that both works and agrees
// with cpu on a known input. Falling back is silent here and visible in every record (`provider`).
import { asDermOrbitError, DermOrbitError } from '../contract/errors.ts';
import { providerChoiceSchema, type Provider, type ProviderChoice } from '../contract/settings.ts';
import { missingLibrary, runtimeProviders } from './runtime.ts';

/** What `auto` tries, in order, by platform; cpu, which always works, is the end of every list. */
const automatic: Readonly<Partial<Record<NodeJS.Platform, readonly Provider[]>>> = {
  win32: ['cuda', 'dml', 'cpu'],
  linux: ['cuda', 'cpu'],
  darwin: ['coreml', 'cpu'],
};

/**
 * A provider's name as a person wrote it.
 * @throws DermOrbitError PROVIDER_UNKNOWN
 */
export function parseProvider(name: string): ProviderChoice {
  const parsed = providerChoiceSchema.safeParse(name);
  if (!parsed.success) throw new DermOrbitError('PROVIDER_UNKNOWN', `There is no provider "${name}".`);
  return parsed.data;
}

/** The providers to try for a choice, in order. */
export function candidates(
  choice: ProviderChoice,
  platform: NodeJS.Platform = process.platform,
): readonly Provider[] {
  return choice === 'auto' ? (automatic[platform] ?? ['cpu']) : [choice];
}

/** Every provider that this build of the runtime knows, in the order of the contract. */
export function knownProviders(): Provider[] {
  const listed = runtimeProviders();
  return providerChoiceSchema.options.filter((name): name is Provider => name !== 'auto' && listed.has(name));
}

/**
 * Opens something on the first provider that can.
 * @param open opens and checks it on one provider, or throws
 * @throws DermOrbitError PROVIDER_UNAVAILABLE with every reason, if none can; INFERENCE_FAILED if not even cpu can
 */
export async function onFirstUsable<T>(
  choice: ProviderChoice,
  open: (provider: Provider) => Promise<T>,
): Promise<{ value: T; provider: Provider }> {
  const reasons: string[] = [];
  for (const provider of candidates(choice)) {
    try {
      if (!runtimeProviders().has(provider)) throw new Error('not part of this build');
      const missing = missingLibrary(provider);
      if (missing !== null) throw new Error(missing);
      return { value: await open(provider), provider };
    } catch (error) {
      // A damaged model is no provider's fault, and cpu's refusal is final.
      if (provider === 'cpu' || isModelError(error)) throw asDermOrbitError(error, 'INFERENCE_FAILED');
      reasons.push(`${provider}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new DermOrbitError('PROVIDER_UNAVAILABLE', reasons.join('; '));
}

function isModelError(error: unknown): boolean {
  return (
    error instanceof DermOrbitError && error.code !== 'INFERENCE_FAILED' && error.code !== 'OUT_OF_MEMORY'
  );
}

// An option that takes one of a few words.
import { Option } from 'commander';

/** @param fallback what stands where it is not given */
export function choice(
  flags: string,
  description: string,
  values: readonly string[],
  fallback?: string,
): Option {
  const option = new Option(flags, description).choices(values);
  return fallback === undefined ? option : option.default(fallback);
}

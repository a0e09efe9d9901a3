// Where the tests find the project's real data and golden vectors: the folder `shared` beside the repository
// root. It is not part of the repository, so tests that need it are skipped, by name, where it is absent.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../shared', import.meta.url));

/**
 * Path of a file of the reduced golden vectors of the repository itself (main/testing/golden): what PyTorch, PIL and
 * OpenAI's tokenizer made of synthetic inputs, compared on every computer.
 */
export function goldenPath(name: string): string {
  return join(import.meta.dirname, 'golden', name);
}

/** The folder of shared test data, or null where this machine has none. */
export function sharedFolder(): string | null {
  return existsSync(join(folder, 'golden', 'expected.safetensors')) ? folder : null;
}

/**
 * Path of a file of the shared data, for use inside tests that are skipped where there is none.
 * @throws Error if the folder is absent
 */
export function sharedPath(...parts: string[]): string {
  const root = sharedFolder();
  if (root === null) throw new Error(`No shared test data beside the repository (${folder})`);
  return join(root, ...parts);
}

// The software that a model was made with, as its card lists it.
import type { Provider } from '../../contract/settings.ts';
import { runtimeVersion } from '../../engine/runtime.ts';
import { version } from '../../engine/version.ts';

export function softwareVersions(provider: Provider): Record<string, string> {
  return {
    DermOrbit: version,
    'ONNX Runtime': `${runtimeVersion} (${provider})`,
    'Node.js': process.versions.node,
  };
}

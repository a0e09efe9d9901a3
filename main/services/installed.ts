// The application as it is installed on this computer: its folders, and the engine in a process of its own.
import { join } from 'node:path';
import { dataFolder, defaultModelFolders, installationFolder, resourcesFolder } from '../engine/folders.ts';
import { startEngineProcess, type EngineChild, type EngineProcess } from '../engine/process/client.ts';
import { version } from '../engine/version.ts';
import { openApplication, type Application, type ApplicationOptions } from './application.ts';
import type { WatchedEngine } from './engine-watch.ts';
import { imagePictures } from './image-pictures.ts';

export { engineEntry, forkEngine } from '../engine/process/fork.ts';
export type { EngineChild } from '../engine/process/client.ts';
export { dataFolder, installationFolder } from '../engine/folders.ts';

/** Where the built page lies. */
export function rendererFolder(): string {
  return join(installationFolder(), 'dist', 'renderer');
}

/**
 * Opens the application on an engine process.
 * @param spawn starts that process, and again each time it has died
 */
export function openInstalledApplication(
  spawn: () => EngineChild,
  surface: ApplicationOptions['surface'],
): Promise<Application> {
  return openApplication({
    version,
    folders: {
      data: dataFolder(),
      models: defaultModelFolders().imported,
      settingsFile: join(dataFolder(), 'settings.json'),
      examples: join(resourcesFolder(), 'assets', 'phantoms'),
      licencesFile: join(installationFolder(), 'dist', 'licences.json'),
    },
    engine: watched(startEngineProcess(spawn)),
    pictures: imagePictures(),
    surface,
  });
}

/** A start after the first is a restart to the person who watches. */
function watched(engine: EngineProcess): WatchedEngine {
  const shown = ({ state, restarts, message }: ReturnType<EngineProcess['state']>) =>
    ({ state: state === 'starting' && restarts > 0 ? 'restarting' : state, restarts, message }) as const;
  return {
    api: engine,
    state: () => shown(engine.state()),
    watch: (listener) => {
      engine.watch((state) => {
        listener(shown(state));
      });
    },
  };
}

// The application as it is installed on this computer: its folders, and engine and jobs in processes of their own.
import { join } from 'node:path';
import { dataFolder, defaultModelFolders, installationFolder, resourcesFolder } from '../engine/folders.ts';
import { startEngineProcess, type EngineProcess } from '../engine/process/client.ts';
import { version } from '../engine/version.ts';
import { jobProcess } from '../jobs/client.ts';
import type { Spawn } from '../base/process/child.ts';
import type { EngineState } from '../contract/application.ts';
import type { ProcessState } from '../base/process/client.ts';
import { openApplication, type Application, type ApplicationOptions } from './application.ts';
import type { WatchedEngine } from './engine-watch.ts';
import { imagePictures } from './image-pictures.ts';

export { dataFolder, installationFolder } from '../engine/folders.ts';

/** Where the built page lies. */
export function rendererFolder(): string {
  return join(installationFolder(), 'dist', 'renderer');
}

/**
 * Opens the application on an engine process, and a job process once there is a job.
 * @param spawn starts a process, and again each time it has died
 * @param dataRoots folders of labelled images that the page may choose by name
 */
export function openInstalledApplication(
  spawn: Spawn,
  surface: ApplicationOptions['surface'],
  dataRoots: readonly string[] = [],
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
    jobs: jobProcess(spawn),
    dataRoots,
    pictures: imagePictures(),
    surface,
  });
}

const shownStates: Readonly<Record<ProcessState['state'], (restarts: number) => EngineState['state']>> = {
  idle: () => 'starting',
  starting: (restarts) => (restarts > 0 ? 'restarting' : 'starting'),
  ready: () => 'ready',
  stopped: () => 'stopped',
};

/** A start after the first is a restart to the person who watches. */
function watched(engine: EngineProcess): WatchedEngine {
  const shown = ({ state, restarts, message }: ReturnType<EngineProcess['state']>) => ({
    state: shownStates[state](restarts),
    restarts,
    message,
  });
  return {
    api: engine,
    state: () => shown(engine.state()),
    watch: (listener) => {
      engine.watch((state) => {
        listener(shown(state));
      });
    },
    restart: () => {
      engine.restart();
    },
  };
}

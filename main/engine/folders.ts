// Where models lie: those that come with DermOrbit, and those that people import.
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { DermOrbitError } from '../contract/errors.ts';

/** Folders of model packages; an id is looked up in `bundled` first. */
export interface ModelFolders {
  readonly bundled: string;
  readonly imported: string;
}

/** Linux shows its own state there: what is written does not stay, and reading may never end. */
const pseudoFolders = /^\/(proc|sys)(\/|$)/;

/** DERMORBIT_HOME, if it says something, else the platform's folder for application data. @throws DermOrbitError OPTION_INVALID */
export function dataFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { DERMORBIT_HOME: home } = environment;
  if (home === undefined || home === '') return envPaths('DermOrbit', { suffix: '' }).data;
  if (process.platform === 'linux' && pseudoFolders.test(resolve(home))) {
    throw new DermOrbitError('OPTION_INVALID', `DERMORBIT_HOME is ${home}, where the system keeps no files.`);
  }
  return home;
}

/** The folder that holds package.json and models/, from wherever this file runs (sources, dist/, a package). */
export function installationFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/**
 * The folder that holds what comes with DermOrbit beside its code (models/, assets/): DERMORBIT_RESOURCES, set by
 * the packaged app, whose code lies in an archive; else the installation folder.
 */
export function resourcesFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.DERMORBIT_RESOURCES ?? installationFolder();
}

export function defaultModelFolders(): ModelFolders {
  return { bundled: join(resourcesFolder(), 'models'), imported: join(dataFolder(), 'models') };
}

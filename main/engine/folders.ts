// Where models lie: those that come with DermOrbit, and those that people import.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import envPaths from 'env-paths';

/** Folders of model packages; an id is looked up in `bundled` first. */
export interface ModelFolders {
  readonly bundled: string;
  readonly imported: string;
}

/** DERMORBIT_HOME, if it says something, else the platform's folder for application data. */
export function dataFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { DERMORBIT_HOME: home } = environment;
  return home !== undefined && home !== '' ? home : envPaths('DermOrbit', { suffix: '' }).data;
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

// An application for tests, in a temporary folder, on the stand-in engine, with a surface without dialogs.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobsApi } from '../contract/jobs.ts';
import { createJobs } from '../jobs/jobs.ts';
import { hostSurface } from '../host/surface.ts';
import { openApplication, type Application } from '../services/application.ts';
import { inProcess } from '../services/engine-watch.ts';
import { imagePictures } from '../services/image-pictures.ts';
import { sharp } from '../imaging/sharp.ts';
import { fakeEngine, type FakeEngine } from './fake-engine.ts';

export interface TestApplication {
  readonly application: Application;
  readonly engine: FakeEngine;
  /** A temporary folder, removed at close. */
  readonly folder: string;
  /** A folder with an index.html and one script. */
  readonly rendererFolder: string;
  /** Writes a small real PNG and returns its path. */
  image(name: string): Promise<string>;
  close(): Promise<void>;
}

/** @param jobs by default in this process, with no models but those of the folder */
export async function testApplication(
  engine: FakeEngine = fakeEngine(),
  jobs?: JobsApi,
): Promise<TestApplication> {
  const folder = mkdtempSync(join(tmpdir(), 'dermorbit-test-'));
  const rendererFolder = join(folder, 'renderer');
  mkdirSync(join(rendererFolder, 'assets'), { recursive: true });
  writeFileSync(join(rendererFolder, 'index.html'), '<!doctype html><title>DermOrbit</title>');
  writeFileSync(join(rendererFolder, 'assets', 'page.js'), 'document.title += "!";');
  const application = await openApplication({
    version: '0.1.0',
    folders: {
      data: folder,
      models: join(folder, 'models'),
      settingsFile: join(folder, 'settings.json'),
      examples: join(folder, 'examples'),
      licencesFile: join(folder, 'licences.json'),
    },
    engine: inProcess(engine),
    jobs: jobs ?? createJobs({ bundled: join(folder, 'models'), imported: join(folder, 'imported') }),
    dataRoots: [join(folder, 'data')],
    pictures: imagePictures(),
    surface: hostSurface,
    temporaryFolder: folder,
  });
  return {
    application,
    engine,
    folder,
    rendererFolder,
    image: async (name) => {
      const path = join(folder, name);
      mkdirSync(join(path, '..'), { recursive: true });
      const picture = sharp({ create: { width: 60, height: 40, channels: 3, background: '#c08060' } });
      writeFileSync(path, await picture.png().toBuffer());
      return path;
    },
    close: async () => {
      await application.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

// The package: its configuration is valid, its fuses are set, it holds this platform's native code only, and its engine
// classifies an example. Packed around a stand-in for Electron, which a test machine may not be able to download.
import { createPackage, extractAll } from '@electron/asar';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { expect, test } from '@playwright/test';
import { build, Platform } from 'electron-builder';
import { DebugLogger } from 'builder-util';
import { getConfig, validateConfiguration } from 'app-builder-lib/out/util/config/config.js';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './surfaces.ts';

/** electron-builder.yml as the builder reads it. */
const configuration = await getConfig(root, null, null);

test('electron-builder.yml fits the schema of the builder', async () => {
  const logger = new DebugLogger(false);
  await validateConfiguration(configuration, logger);
  const misspelt = { ...configuration, electronFusses: {} };
  await expect(validateConfiguration(misspelt, logger)).rejects.toThrow(/electronFusses/);
});

test('the packed engine classifies an example in plain Node', async () => {
  test.skip(process.platform !== 'linux', 'the stand-in is for Linux');
  test.setTimeout(300_000);
  const work = mkdtempSync(join(tmpdir(), 'dermorbit-package-'));
  try {
    await build({
      projectDir: root,
      targets: Platform.LINUX.createTarget('dir'),
      config: {
        ...configuration,
        electronDist: await standInElectron(join(work, 'electron')),
        directories: { ...configuration.directories, output: join(work, 'out') },
      },
    });
    const packed = join(work, 'out', 'linux-unpacked');
    const resources = join(packed, 'resources');

    const wire = await getCurrentFuseWire(join(packed, 'dermorbit'));
    expect(wire[FuseV1Options.RunAsNode]).toBe(0x30);
    expect(wire[FuseV1Options.EnableNodeOptionsEnvironmentVariable]).toBe(0x30);
    expect(wire[FuseV1Options.EnableNodeCliInspectArguments]).toBe(0x30);
    expect(wire[FuseV1Options.OnlyLoadAppFromAsar]).toBe(0x31);

    const native = join(resources, 'app.asar.unpacked/node_modules/onnxruntime-node/bin/napi-v6');
    expect(readdirSync(native)).toEqual(['linux']);
    expect(existsSync(join(resources, 'models/dermorbit-base/manifest.json'))).toBe(true);

    const app = join(work, 'app');
    extractAll(join(resources, 'app.asar'), app);
    expect(existsSync(join(app, 'dist/preload/preload.cjs'))).toBe(true);
    expect(existsSync(join(app, 'dist/renderer/index.html'))).toBe(true);
    expect(classifiedBy(app, resources)).toMatchObject({
      model: { id: 'dermorbit-base' },
      stability: expect.any(Number),
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});

/** Classifies one packed phantom with the packed engine, in a process of its own; its record. */
function classifiedBy(app: string, resources: string): unknown {
  const phantoms = join(resources, 'assets/phantoms');
  const [first = ''] = readdirSync(phantoms);
  const script = `
    import { createEngine } from ${JSON.stringify(join(app, 'dist/main/engine/engine.js'))};
    const engine = createEngine();
    await engine.call('classify', { paths: [${JSON.stringify(join(phantoms, first))}] }, {
      onEvent: ({ record }) => { console.log(JSON.stringify(record)); },
    });
    await engine.close();`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: app,
    env: {
      PATH: process.env.PATH ?? '',
      DERMORBIT_RESOURCES: resources,
      DERMORBIT_HOME: join(app, 'home'),
    },
    encoding: 'utf8',
  });
  return JSON.parse(output);
}

/** A folder that the builder takes for Electron: a program with a fuse wire, a version, a default app. */
async function standInElectron(folder: string): Promise<string> {
  const nothing = join(folder, '..', 'nothing');
  mkdirSync(join(folder, 'resources'), { recursive: true });
  mkdirSync(nothing, { recursive: true });
  writeFileSync(join(nothing, 'main.js'), '');
  await createPackage(nothing, join(folder, 'resources', 'default_app.asar'));
  const version = JSON.parse(readFileSync(join(root, 'node_modules/electron/package.json'), 'utf8')) as {
    version: string;
  };
  writeFileSync(join(folder, 'version'), version.version);
  // The sentinel that @electron/fuses looks for, the wire's version, its length, and each fuse as Electron ships it.
  const wire = Buffer.concat([
    Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'),
    Buffer.from([1, 9]),
    Buffer.from('101110010'),
  ]);
  writeFileSync(join(folder, 'electron'), Buffer.concat([Buffer.from('#!/bin/sh\nexit 1\n'), wire]));
  chmodSync(join(folder, 'electron'), 0o755);
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'), {
    force: true,
    recursive: false,
    errorOnExist: false,
  });
  return folder;
}

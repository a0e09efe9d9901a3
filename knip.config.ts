// What nobody uses: files, exports and dependencies. Part of `npm run lint`.
import type { KnipConfig } from 'knip';

const config: KnipConfig = {
  entry: [
    'main/electron/{main,preload}.ts',
    'main/host/main.ts',
    // Programs of their own: the engine, the jobs, workers of the benchmarks and of the statistics.
    'main/**/{entry,*-worker,*worker}.ts',
    'main/testing/*.ts',
    'scripts/*.ts',
    'e2e/*.ts',
    'e2e/electron-double/*.ts',
    'assets/**/*.ts',
  ],
  project: ['{main,renderer,scripts,e2e,assets}/**/*.{ts,svelte}'],
  // Generated from the definition of ONNX: it has a schema for every message.
  ignore: ['main/onnx/proto/*_pb.ts'],
  // playwright is what @playwright/test runs on, the runner a plugin that Stryker loads by its name; the others come with
  // electron-builder, whose own view of a package the packaging test asks.
  ignoreDependencies: [
    'playwright',
    '@stryker-mutator/vitest-runner',
    '@electron/asar',
    'builder-util',
    'app-builder-lib',
  ],
  ignoreBinaries: ['mkfifo'],
  ignoreExportsUsedInFile: true,
};

export default config;

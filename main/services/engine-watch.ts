// The engine as the application sees it: its operations, and whether it is there.
import type { EngineState } from '../contract/application.ts';
import type { EngineApi } from '../contract/engine.ts';

/** An engine whose process can die and be started again. */
export interface WatchedEngine {
  readonly api: EngineApi;
  state(): EngineState;
  /** Called at every change of state. */
  watch(listener: (state: EngineState) => void): void;
  /** Ends it if it runs, and starts it at once. */
  restart(): void;
}

/** An engine in this process: it lives as long as we do. */
export function inProcess(api: EngineApi): WatchedEngine {
  return {
    api,
    state: () => ({ state: 'ready', restarts: 0, message: null }),
    watch: () => undefined,
    restart: () => undefined,
  };
}

// Progress of long work on standard error, on terminals only: logs and pipes stay clean.
import { Presets, SingleBar } from 'cli-progress';
import { harmless } from './output.ts';

export interface ProgressDisplay {
  update(done: number, label: string): void;
  stop(): void;
}

const silent: ProgressDisplay = { update: () => undefined, stop: () => undefined };

/** A bar with count, time left and what is being worked on; nothing where nobody watches or there is one item. */
export function showProgress(total: number, unit: string): ProgressDisplay {
  if (!process.stderr.isTTY || total < 2) return silent;
  const bar = new SingleBar(
    {
      stream: process.stderr,
      format: `{bar} {value}/{total} ${unit}, {eta_formatted} left  {label}`,
      hideCursor: true,
      clearOnComplete: true,
      stopOnComplete: false,
      etaBuffer: 50,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0, { label: '' });
  return {
    update: (done, label) => {
      bar.update(done, { label: harmless(label).slice(-40) });
    },
    stop: () => {
      bar.stop();
    },
  };
}

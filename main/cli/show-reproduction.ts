// A reproduction as it goes and as it ends: what will be done, one part per step, and the papers' table with the measured
// numbers beside.
import type {
  Measurement,
  Reproduction,
  ReproductionEvent,
  ReproductionOutlook,
} from '../contract/reproduction.ts';
import type { Interval } from '../contract/figures.ts';
import { harmless, note, paint, table } from './output.ts';
import { showProgress, type ProgressDisplay } from './progress.ts';
import { showTraining, type TrainingDisplay } from './show-training.ts';

/** Days, hours, minutes: an estimate has no seconds. */
export function roughly(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return 'less than a minute';
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60)];
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}

/** From here on it is said that this is work for a night or more. */
const longSeconds = 12 * 3600;

function describeOutlook(outlook: ReproductionOutlook): string {
  const { steps, images, seconds, cacheBytes, secondsPerView, provider, differences, problems } = outlook;
  const left = steps.filter(({ done }) => !done);
  const lines = [
    ...problems.map(({ code, message, excluded }) => `${message}${excluded ? ' Left out.' : ''} (${code})`),
    `Images to learn from / to validate with: ${images.training} / ${images.validation}.`,
    `Steps: ${steps.map(({ title, done }) => `${title}${done ? ' (done)' : ''}`).join('; ')}.`,
    ...(left.length === 0
      ? ['Everything was done before.']
      : [
          `Left: ${left.length} of ${steps.length} steps, about ${roughly(seconds)} on this computer (${provider}; the image ` +
            `tower took ${(1000 * secondsPerView).toFixed(0)} ms for one view). An estimate; it is corrected as steps end.`,
          `Caches take up to ${(cacheBytes / 1e9).toFixed(1)} GB in the work folder.`,
        ]),
    ...(seconds > longSeconds
      ? [
          'This is long. Ctrl-C stops at any time and loses at most a round; the same command goes on. --rows, ' +
            '--only-prefinetune and --scale make it shorter.',
        ]
      : []),
    'How this differs from what was published:',
    ...differences.map((one) => `  - ${one}`),
  ];
  return lines.map(harmless).join('\n');
}

/** Shows the events; everything goes to standard error. */
export class ReproductionDisplay {
  #training: TrainingDisplay | null = null;
  #measuring: ProgressDisplay | null = null;

  show(event: ReproductionEvent): void {
    switch (event.kind) {
      case 'outlook':
        note(describeOutlook(event.outlook));
        return;
      case 'step':
        this.stop();
        note(
          `\n${paint('bold', `Step ${event.number} of ${event.of}: ${event.title}`, process.stderr)} (${event.id}); about ${roughly(event.secondsLeft)} left in all.`,
        );
        this.#training = event.config && showTraining(event.config, false);
        return;
      case 'training':
        // Its table compares with the model before; here the papers' table stands at the end.
        if (event.event.kind !== 'done') this.#training?.show(event.event);
        return;
      case 'measuring':
        this.#training?.stop();
        this.#measuring ??= showProgress(event.total, 'images');
        this.#measuring.update(event.done, event.model);
        return;
      case 'measured':
        this.stop();
        for (const one of event.rows) note(`  ${nameOf(one)}: top-1 ${interval(one.top1)}`);
        return;
      case 'failed':
        this.stop();
        note(
          harmless(
            `${event.id} cannot be had: ${event.error.message} (${event.error.code}) The others go on.`,
          ),
        );
    }
  }

  stop(): void {
    this.#training?.stop();
    this.#measuring?.stop();
    this.#training = this.#measuring = null;
  }
}

const points = (share: number | null) => (share === null ? '?' : (100 * share).toFixed(1));

function interval({ value, low, high }: Interval): string {
  return value === null ? 'undefined' : `${(100 * value).toFixed(2)} % [${points(low)}, ${points(high)}]`;
}

function flips({ flipRate, boundWithoutFlips }: Measurement): string {
  return boundWithoutFlips === null ? interval(flipRate) : `0 flips [<= ${points(boundWithoutFlips)}]`;
}

function nameOf({ settings: { method, level, group } }: Measurement): string {
  const levelled = method === 'equitune' || method === 'lambda' ? ` (${level} level)` : '';
  return `${method}${levelled}, ${group}`;
}

const figures = (one: Measurement) => [interval(one.top1), interval(one.balancedAccuracy), flips(one)];
const stageNames = { pre: 'pre-finetuned', fine: 'finetuned' } as const;

/** The table on standard output, with what must be known to read it. */
export function printReproduction({
  title,
  model,
  source,
  zeroShot,
  rows,
  notes,
  differences,
}: Reproduction): void {
  const header = ['row', 'stage', 'published', 'top-1', 'balanced accuracy', 'flip rate'];
  const before = zeroShot.map((one) => [nameOf(one), 'zero-shot', '-', ...figures(one)]);
  const trained = rows.flatMap(({ title: name, group, stages }) =>
    stages.map(({ stage, published, measured, failure }) => [
      `${name}, ${group}`,
      stageNames[stage],
      published === null ? '-' : `${(100 * published).toFixed(2)} %`,
      ...(measured ? figures(measured) : [harmless(failure ?? 'not measured'), '', '']),
    ]),
  );
  const body = table([header.map((cell) => paint('dim', cell)), ...before, ...trained], new Set([2]));
  const heading = `${title}: published and measured, ${harmless(model.id)} (${model.architecture})`;
  const said = [
    `Published: ${source}; top-1.`,
    ...notes,
    ...differences.map((one) => `Differs: ${one}`),
    'Research use only, not a medical device.',
  ];
  process.stdout.write(
    `${paint('bold', heading)}\n\n${body}\n\n${said.map((line) => paint('dim', harmless(line))).join('\n')}\n`,
  );
}

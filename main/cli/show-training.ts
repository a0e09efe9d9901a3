// A training run as it goes: events as JSON lines, or notes, one line per round, and on terminals a line that moves.
import type { Problem } from '../contract/problem.ts';
import type { TrainingEvent } from '../contract/training-events.ts';
import type { ResultRow, TrainingConfig } from '../contract/training.ts';
import { percent } from '../contract/percent.ts';
import { harmless, jsonText, note, paint, table } from './output.ts';

export interface TrainingDisplay {
  show(event: TrainingEvent): void;
  stop(): void;
}

export function showTraining(config: TrainingConfig, json: boolean): TrainingDisplay {
  if (json) {
    return {
      show: (event) => process.stdout.write(`${jsonText(event)}\n`),
      stop: () => undefined,
    };
  }
  return new Lines(config);
}

function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}

class Lines implements TrainingDisplay {
  readonly #rounds: number;
  readonly #watched = process.stderr.isTTY;
  #moving = false;

  constructor({ rounds }: TrainingConfig) {
    this.#rounds = rounds;
  }

  show(event: TrainingEvent): void {
    switch (event.kind) {
      case 'data':
        this.#line(
          `Images to learn from / to validate with: ${event.classes
            .map((code, k) => `${code} ${event.training[k]!}/${event.validation[k]!}`)
            .join(', ')}`,
        );
        this.#problems(event.problems);
        return;
      case 'left-out':
        this.#problems(event.problems);
        return;
      case 'reading':
        this.#move(`Reading images: ${event.done}/${event.total}`);
        return;
      case 'cache':
        this.#move(`Cache: ${event.done}/${event.total} (${(event.bytes / 1e6).toFixed(0)} MB in all)`);
        if (event.done === event.total) {
          this.#line(harmless(`Cache filled: ${event.path}`));
        }
        return;
      case 'skipped':
        for (const { id, error } of event.images) {
          this.#line(harmless(`Skipped ${id}: ${error.message} (${error.code})`));
        }
        this.#line(`${event.images.length} images skipped.`);
        return;
      case 'step': {
        const accuracy =
          event.balancedAccuracy === null ? '' : `, balanced accuracy ${percent(event.balancedAccuracy)}`;
        this.#move(
          `Round ${event.round}/${this.#rounds}, step ${event.step}/${event.steps}: loss ${event.loss.toFixed(4)}${accuracy}, ${duration(event.secondsLeft)} left`,
        );
        return;
      }
      case 'round': {
        const { round, loss, validationLoss, balancedAccuracy, seconds } = event.figures;
        const learned = loss === null ? 'before training' : `loss ${loss.toFixed(4)}`;
        this.#line(
          `Round ${round}/${this.#rounds}: ${learned}, validation ${validationLoss.toFixed(4)}, balanced accuracy ${percent(balancedAccuracy)}` +
            `${event.best ? ' (best)' : ''}, ${duration(seconds)}`,
        );
        return;
      }
      case 'measuring':
        this.#move(`Measuring ${event.model}: ${event.done}/${event.total}`);
        return;
      case 'stopped-early':
        this.#line(`Stopped after round ${event.round}: nothing better for ${event.patience} rounds.`);
        return;
      case 'done':
        this.stop();
        process.stdout.write(`${results(event.results)}\n\n`);
        process.stdout.write(`Model ${event.model}: ${event.folder}\nRun: ${event.run}\n`);
        process.stdout.write(
          `${paint('dim', 'On the validation images by which the best round was chosen: judge the model on others.')}\n`,
        );
    }
  }

  stop(): void {
    if (this.#moving) process.stderr.write('\r\u001b[K');
    this.#moving = false;
  }

  #problems(problems: readonly Problem[]): void {
    for (const { code, message, excluded } of problems) {
      this.#line(harmless(`${message}${excluded ? ' Left out.' : ''} (${code})`));
    }
  }

  #move(text: string): void {
    if (!this.#watched) return;
    process.stderr.write(`\r\u001b[K${text.slice(0, (process.stderr.columns || 80) - 1)}`);
    this.#moving = true;
  }

  #line(text: string): void {
    this.stop();
    note(text);
  }
}

function results(rows: readonly ResultRow[]): string {
  const interval = (range: ResultRow['interval']) =>
    range ? `${percent(range[0])} - ${percent(range[1])}` : '';
  return table(
    [
      ['model and method', 'balanced accuracy', '95 % interval', 'top-1', 'flips'],
      ...rows.map((row) => [
        row.name,
        percent(row.balancedAccuracy),
        interval(row.interval),
        percent(row.top1),
        percent(row.flipRate),
      ]),
    ],
    new Set([1, 3, 4]),
  );
}

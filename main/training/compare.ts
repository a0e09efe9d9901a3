// The finished network beside what the starting model answers, on the same cached validation images, as they are and
// turned by every element of the group.
import type { Provider } from '../contract/settings.ts';
import type { TrainingEvent } from '../contract/training-events.ts';
import type { PrefinetuneConfig, ResultRow } from '../contract/training.ts';
import { turnNames } from '../evaluation/run/views.ts';
import { groups } from '../groups/groups.ts';
import type { Model } from '../onnx/graph.ts';
import { answerable } from './cache/sets.ts';
import { forwardGraph, type ForwardSpec, type FrozenParts } from './graphs/forward.ts';
import type { TrainedNet } from './graphs/weight-nets.ts';
import type { NamedSet } from './request.ts';
import { flipRate } from './run/flip-rate.ts';
import { accuracyInterval } from './run/interval.ts';
import { Validator, type Answers } from './validate.ts';

export interface Comparison {
  readonly parts: FrozenParts;
  readonly config: PrefinetuneConfig;
  readonly net: TrainedNet;
  /** As it lies in the new package. */
  readonly trained: Model;
  /** The network of the same name in the starting model, if it has one. */
  readonly started: Model | null;
  readonly validation: NamedSet;
  readonly provider: Provider;
  /** Images at once. */
  readonly batch: number;
  readonly names: { readonly out: string; readonly base: string };
}

export interface CompareOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: TrainingEvent) => void) | undefined;
}

/**
 * One row per network: the new one first.
 * @throws DermOrbitError CACHE_DAMAGED; an AbortError where the signal says so
 */
export async function compareWithStart(
  comparison: Comparison,
  { signal, onEvent }: CompareOptions = {},
): Promise<ResultRow[]> {
  const { parts, config, net, trained, started, validation, provider, names } = comparison;
  const { method, inverse, head } = config;
  const group = groups[config.group];
  const images = validation.images.length;
  const measure = async (
    model: string,
    how: string,
    spec: Omit<ForwardSpec, 'parts' | 'dropout'>,
  ): Promise<ResultRow> => {
    const forward = forwardGraph({ ...spec, parts, dropout: false });
    const validator = await Validator.open(forward, [], provider, comparison.batch);
    const turned: Answers[] = [];
    try {
      // Also of vanilla, which sees one orientation at a time: that of the turned image.
      for (const turn of group.elements.keys()) {
        turned.push(await validator.measure(answerable(validation, spec.group.order, turn), {}, signal));
        const done = Math.floor((images * turned.length) / group.order);
        onEvent?.({ kind: 'measuring', model, done, total: images });
      }
    } finally {
      await validator.release();
    }
    const [upright] = turned;
    const { balancedAccuracy, top1, recalls, answers } = upright!;
    const lesions = validation.images.map(({ item }) => item.lesion);
    return {
      name: `${model}, ${how}`,
      balancedAccuracy,
      interval: accuracyInterval(answers, lesions),
      top1,
      recalls: [...recalls],
      flipRate: flipRate({
        classes: answers.classes,
        labels: answers.labels,
        transformations: turnNames(group, 'all'),
        answers: turned.map((one) => one.answers.answers),
      }),
    };
  };
  const settings = { group, inverse, head };
  const rows = [await measure(names.out, method, { ...settings, net: { name: net, model: trained } })];
  if (started) {
    rows.push(await measure(names.base, method, { ...settings, net: { name: net, model: started } }));
  }
  // Without a feature map in the cache there is nothing that these two could combine.
  if (config.level === 'embedding') return rows;
  rows.push(await measure(names.base, 'equitune', { ...settings, net: null }));
  const upright = { group: groups.c1, net: null, inverse: 'off', head: 'plain' } as const;
  rows.push(await measure(names.base, 'vanilla', upright));
  return rows;
}

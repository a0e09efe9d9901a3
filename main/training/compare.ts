// The finished network beside what the starting model answers, on the same cached validation images.
import type { Provider } from '../contract/settings.ts';
import type { PrefinetuneConfig, ResultRow } from '../contract/training.ts';
import type { CombinerName } from '../equivariance/methods.ts';
import { groups } from '../groups/groups.ts';
import type { Model } from '../onnx/graph.ts';
import { answerable } from './cache/sets.ts';
import { forwardGraph, type ForwardSpec, type FrozenParts } from './graphs/forward.ts';
import type { NamedSet } from './request.ts';
import { accuracyInterval } from './run/interval.ts';
import { Validator } from './validate.ts';

export interface Comparison {
  readonly parts: FrozenParts;
  readonly config: PrefinetuneConfig;
  readonly net: CombinerName;
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

/** One row per network: the new one first. */
export async function compareWithStart(comparison: Comparison): Promise<ResultRow[]> {
  const { parts, config, net, trained, started, validation, provider, names } = comparison;
  const { method, inverse, head } = config;
  const group = groups[config.group];
  const measure = async (name: string, spec: Omit<ForwardSpec, 'parts' | 'dropout'>): Promise<ResultRow> => {
    const validator = await Validator.open(
      forwardGraph({ ...spec, parts, dropout: false }),
      [],
      provider,
      comparison.batch,
    );
    try {
      const answers = await validator.measure(answerable(validation, spec.group.order));
      const { balancedAccuracy, top1, recalls } = answers;
      const lesions = validation.images.map(({ item }) => item.lesion);
      const interval = accuracyInterval(answers.answers, lesions);
      // Turned images would have to be read anew: the cache has the orbit of the image as it is.
      return { name, balancedAccuracy, interval, top1, recalls: [...recalls], flipRate: null };
    } finally {
      await validator.release();
    }
  };
  const settings = { group, inverse, head };
  const rows = [
    await measure(`${names.out}, ${method}`, { ...settings, net: { name: net, model: trained } }),
  ];
  if (started) {
    rows.push(await measure(`${names.base}, ${method}`, { ...settings, net: { name: net, model: started } }));
  }
  // Without a feature map in the cache there is nothing that these two could combine.
  if (config.level === 'embedding') return rows;
  rows.push(await measure(`${names.base}, equitune`, { ...settings, net: null }));
  const upright = { group: groups.c1, net: null, inverse: 'off', head: 'plain' } as const;
  rows.push(await measure(`${names.base}, vanilla`, upright));
  return rows;
}

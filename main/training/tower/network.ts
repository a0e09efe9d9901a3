// The weight network of a run that trains an image tower: where its weights come from, and where they are afterwards.
import { parametersAsInputs } from '../../autodiff/parameters.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import type { FinetuneConfig } from '../../contract/training.ts';
import type { ModelPackage } from '../../engine/store/package.ts';
import { packagedNet } from '../frozen.ts';
import type { WeightNet } from '../graphs/forward.ts';
import { freshWeights, parameterNames, trainedNetOf, weightNets } from '../graphs/weight-nets.ts';
import type { State } from '../step.ts';
import type { TowerPlan } from './train-tower.ts';

/**
 * The network of a method, random or the model's own; null where the method has none.
 * @throws DermOrbitError COMBINER_MISSING; OPTION_INVALID for what no paper defines
 */
export async function networkOf(
  opened: ModelPackage,
  { method, level, initial, seed }: Pick<FinetuneConfig, 'method' | 'level' | 'initial' | 'seed'>,
): Promise<WeightNet> {
  if (level === 'embedding' && method !== 'lambda') {
    throw new DermOrbitError('OPTION_INVALID', `${method} cannot be finetuned at embedding level.`);
  }
  const name = trainedNetOf({ method, level });
  if (!name) return null;
  const { manifest } = opened;
  if (initial === 'fresh') {
    return { name, model: weightNets[name].build(freshWeights(name, manifest, seed), manifest) };
  }
  const model = await packagedNet(opened, name);
  if (model) return { name, model };
  throw new DermOrbitError('COMBINER_MISSING', `${manifest.id} has no ${name} network to start from.`);
}

/** The network's tensors after training: those that learned, and else those that it began with. */
export function networkState({ rule, start }: TowerPlan, learned: State): State | null {
  if (!rule.net) return null;
  const names = parameterNames(rule.net.name, start.network);
  const { stored } = parametersAsInputs(rule.net.model.graph, names);
  return new Map(
    names.map((name) => {
      const { dims, values } = stored.get(name)!;
      return [name, learned.get(name) ?? { dims, data: values }];
    }),
  );
}

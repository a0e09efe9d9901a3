// What a training of an image tower is, beside what every run is asked for.
import type { Recipe } from '../../contract/jobs.ts';
import type { ModelPackage } from '../../engine/store/package.ts';
import type { GroupName } from '../../groups/groups.ts';
import type { TowerPlan } from './train-tower.ts';

/** What a run is, beside its data. */
export interface TowerTask {
  readonly recipe: Exclude<Recipe, { kind: 'prefinetune' }>;
  /** The model that it starts from. */
  readonly base: ModelPackage | null;
  /** Whose turns the finished model is measured under. */
  readonly measured: GroupName;
  /** All but the configuration, which lacks the length of a round until the images are known. */
  readonly plan: Omit<TowerPlan, 'config'>;
}

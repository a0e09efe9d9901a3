// What each screen of the contract's table looks like on the page: its icon and its component.
import type { Component } from 'svelte';
import type { ViewName } from '../../main/contract/screens.ts';
import AboutView from '../screens/about/AboutView.svelte';
import ClassifyView from '../screens/classify/ClassifyView.svelte';
import EvaluateView from '../screens/evaluate/EvaluateView.svelte';
import ModelsView from '../screens/models/ModelsView.svelte';
import OrientationsView from '../screens/orientations/OrientationsView.svelte';
import TrainView from '../screens/train/TrainView.svelte';
import TurnTestView from '../screens/turn-test/TurnTestView.svelte';
import type { IconName } from '../ui/icons.ts';

export const looks: Readonly<Record<ViewName, { readonly icon: IconName; readonly View: Component }>> = {
  classify: { icon: 'classify', View: ClassifyView },
  orientations: { icon: 'orientations', View: OrientationsView },
  'turn-test': { icon: 'turn', View: TurnTestView },
  evaluate: { icon: 'evaluate', View: EvaluateView },
  train: { icon: 'train', View: TrainView },
  models: { icon: 'models', View: ModelsView },
  about: { icon: 'about', View: AboutView },
};

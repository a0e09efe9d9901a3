// The running average of the weights over the steps: a flatter, usually better model than the last step's.
// Source: Polyak and Juditsky 1992; in exponential form, Tarvainen and Valpola 2017, section 2.
import type { Tensor } from '../contract/tensor.ts';

const prefix = 'average.';
const stepsName = 'average_steps';

type State = ReadonlyMap<string, Tensor>;

/** The state with the averages of these tensors, which begin at their values. */
export function startAverage(state: State, names: readonly string[]): Map<string, Tensor> {
  const averages = names.map((name): [string, Tensor] => {
    const { data, dims } = state.get(name)!;
    return [prefix + name, { data: data.slice(), dims }];
  });
  return new Map([...state, ...averages, [stepsName, { data: new Float32Array(1), dims: [] }]]);
}

/**
 * One step more, in place. Early on, when the average is of few steps, it keeps less: min(keep, (1 + t) / (10 + t)).
 * @param keep share of the old average that stays
 */
export function addToAverage(state: State, names: readonly string[], keep: number): void {
  const steps = state.get(stepsName)!.data;
  const before = steps[0]!;
  const kept = Math.min(keep, (1 + before) / (10 + before));
  steps[0] = before + 1;
  for (const name of names) {
    const [average, { data }] = [state.get(prefix + name)!.data, state.get(name)!];
    for (let index = 0; index < average.length; index++) {
      average[index] = average[index]! + (1 - kept) * (data[index]! - average[index]!);
    }
  }
}

export function averageOf(state: State, name: string): Tensor {
  return state.get(prefix + name)!;
}

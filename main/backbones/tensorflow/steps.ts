// Which steps of a network are needed for a value, in an order in which every input is made before it is taken. Pure.
import { invalid, type Network, type Step } from './network.ts';

/** More steps than any image network has; the largest graphs that DermOrbit runs have 10,000 operators. */
const maximumSteps = 10_000;

/**
 * The steps between two values. Walks with a list of its own, so that a long chain does not exhaust the stack.
 * @param from the value that is given; it counts as the network's input
 * @param to the value that is asked for
 * @throws DermOrbitError TENSORFLOW_INVALID if a step needs itself, or a value that nothing makes
 */
export function stepsBetween(network: Network, from: string, to: string): Step[] {
  const ordered: Step[] = [];
  const state = new Map<string, 'open' | 'done'>([[from, 'done']]);
  const open: string[] = [to];
  while (open.length > 0) {
    const id = open.at(-1)!;
    if (state.get(id) === 'done') {
      open.pop();
      continue;
    }
    const step = network.steps.get(id);
    if (!step) {
      throw invalid(
        id === network.input.id
          ? `The result needs the network's input beside the value that it is cut at.`
          : `Nothing makes the value "${id}".`,
      );
    }
    if (state.get(id) === 'open') {
      state.set(id, 'done');
      open.pop();
      ordered.push(step);
      if (ordered.length > maximumSteps) throw invalid(`The network has more than ${maximumSteps} steps.`);
      continue;
    }
    state.set(id, 'open');
    for (const input of step.inputs) {
      if (state.get(input) === 'open') throw invalid(`"${step.label}" needs its own result.`);
      if (!state.has(input)) open.push(input);
    }
  }
  return ordered;
}

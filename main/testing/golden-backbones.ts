// What the product computes with a backbone, under the names of the golden files: through orbit, prediction, evidence.
import type { Method, SettingsChoice } from '../contract/settings.ts';
import { combineFeatures } from '../equivariance/combine.ts';
import { argmax, classLogits } from '../equivariance/logits.ts';
import { resolveSettings } from '../equivariance/settings.ts';
import { evidenceOf } from '../engine/evidence.ts';
import type { LoadedModel } from '../engine/model.ts';
import { ImageOrbit } from '../engine/orbit.ts';
import { predict } from '../engine/predict.ts';
import { groups, type GroupName } from '../groups/groups.ts';

const images = [0, 1, 2];
const goldenGroups = ['c2', 'c4', 'd4'] as const satisfies GroupName[];
const methods = ['equitune', 'equizero', 'lambda', 'attention'] as const satisfies Method[];

export class Computed {
  readonly #parts = new Map<string, number[]>();

  add(name: string, values: Iterable<number>): void {
    const known = this.#parts.get(name) ?? [];
    for (const value of values) known.push(value);
    this.#parts.set(name, known);
  }

  get(name: string): number[] | undefined {
    return this.#parts.get(name);
  }
}

async function addGroup(
  computed: Computed,
  orbit: ImageOrbit,
  name: GroupName,
  first: boolean,
): Promise<void> {
  const group = groups[name];
  const { manifest, classEmbeddings, combiners } = orbit.model;
  const answer = (choice: SettingsChoice) =>
    predict(orbit, resolveSettings({ group: name, level: 'feature', inverse: 'on', ...choice }, combiners));
  for (const embedding of await orbit.embeddings(group)) {
    computed.add(`${name}.orbit_embeddings`, embedding);
    computed.add(`${name}.orbit_logits`, classLogits(embedding, classEmbeddings, manifest.logits));
  }
  if (name === 'd4' && first) {
    for (const features of await orbit.features(group)) computed.add('d4.orbit_features', features);
    for (const token of await orbit.invariant(group)) computed.add('d4.orbit_tokens', token);
  }
  for (const method of methods) {
    const plain = await answer({ method, head: 'plain' });
    computed.add(`${name}.${method}.logits`, plain.logits!);
    computed.add(`${name}.${method}_orbit_head.logits`, (await answer({ method, head: 'orbit' })).logits!);
    if (method === 'equitune' || method === 'lambda') {
      const { kind, cells, constant } = await evidenceOf(
        orbit,
        resolveSettings({ group: name, method, head: 'plain', inverse: 'on' }, combiners),
      );
      if (kind === 'exact') {
        computed.add(`${name}.${method}.evidence`, cells.flat());
        // The same for every picture and method.
        if (first && name === 'c2' && method === 'equitune') computed.add('evidence_constant', constant);
      }
    }
    if (method === 'lambda') computed.add(`${name}.lambda.weights`, plain.weights);
    if (method === 'attention') computed.add(`${name}.attention.weights`, plain.attention!.flat());
    if (method === 'equizero') computed.add(`${name}.equizero.choice`, [argmax(plain.weights)]);
    if (name === 'c4' && (method === 'lambda' || method === 'equitune')) {
      const { size } = manifest.features!;
      const map = combineFeatures(group, await orbit.features(group), plain.weights, size, 'on');
      computed.add(`c4.${method}.feature`, map);
      const tokens = await orbit.invariant(group);
      const token = tokens[0]!.map((_, i) =>
        tokens.reduce((sum, t, g) => sum + plain.weights[g]! * t[i]!, 0),
      );
      computed.add(`c4.${method}.token`, token);
    }
  }
  computed.add(`${name}.tta.probabilities`, (await answer({ method: 'tta' })).probabilities);
  if (!combiners.has('lambdaEmbedding')) return;
  const embeddingLevel = (method: Method) => answer({ method, level: 'embedding', inverse: 'off' });
  computed.add(`${name}.equitune_embedding.probabilities`, (await embeddingLevel('equitune')).probabilities);
  computed.add(`${name}.equizero_embedding.scores`, (await embeddingLevel('equizero')).probabilities);
  const lambda = await embeddingLevel('lambda');
  computed.add(`${name}.lambda_embedding.probabilities`, lambda.probabilities);
  computed.add(`${name}.lambda_embedding.weights`, lambda.weights);
}

/** Everything that the golden files may hold of a model, for their three pictures [3, 3, R, R]. */
export async function computeAll(model: LoadedModel, input: Float32Array): Promise<Computed> {
  const computed = new Computed();
  const pixels = 3 * model.manifest.input.size ** 2;
  for (const index of images) {
    const orbit = new ImageOrbit(model, input.subarray(index * pixels, (index + 1) * pixels));
    computed.add('feature_map', (await orbit.features(groups.c1))[0]!);
    computed.add('class_token', (await orbit.invariant(groups.c1))[0]!);
    computed.add('embedding', (await orbit.embeddings(groups.c1))[0]!);
    const vanilla = resolveSettings({ group: 'c1', method: 'vanilla' }, model.combiners);
    computed.add('vanilla_logits', (await predict(orbit, vanilla)).logits!);
    for (const name of goldenGroups) await addGroup(computed, orbit, name, index === 0);
    for (const [head, key] of [
      ['plain', 'lambda'],
      ['orbit', 'lambda_orbit_head'],
    ] as const) {
      const settings = resolveSettings(
        { group: 'c4', method: 'lambda', head, inverse: 'on' },
        model.combiners,
      );
      const evidence = await evidenceOf(orbit, settings);
      if (evidence.kind === 'leave-one-out') computed.add(`c4.${key}.leave_one_out`, evidence.cells.flat());
    }
  }
  return computed;
}

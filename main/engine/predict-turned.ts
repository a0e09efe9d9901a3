// Many predictions from one image's orbit: several settings, and for each the answers to the image turned by
// elements of its group. Turning the image by h permutes its orbit, f_g(hx) = f_gh(x), so the combined map is
// F(hx) = hF(x) with inverse on, F(x) with inverse off, and f_h for vanilla (METHODS.md, "What is exact"): no
// further run of the image tower, and the head sees each distinct map once, all of them together, for all their turns.
// That this is what turned pixels give is for the caller to check on some images.
import { mapOf } from '../contract/manifest.ts';
import type { Settings } from '../contract/settings.ts';
import { combineCompanions, headEmbedding, turnBack, weightedSum } from '../equivariance/combine.ts';
import { classLogits, joined, rowsOf } from '../equivariance/logits.ts';
import { methods, type OrbitReadings } from '../equivariance/methods.ts';
import { combinerOf, hasFeatureMap } from '../equivariance/settings.ts';
import { actOnOrientations } from '../groups/action.ts';
import { groups, type Group } from '../groups/groups.ts';
import { answering } from './answer.ts';
import type { LoadedModel } from './model.ts';
import type { ImageOrbit } from './orbit.ts';
import { readOrbit, requireNumbers } from './predict.ts';

/** Settings, and the elements of their group (by index) by which the image is turned. */
export interface TurnedRequest {
  readonly settings: Settings;
  readonly turns: readonly number[];
}

/** The answer to one turned image. */
export interface TurnedPrediction {
  /** [K] */
  readonly probabilities: readonly number[];
  /** [n] weights of the orientations of the turned image. */
  readonly weights: readonly number[];
}

/** Embeddings asked of the head in one run: bounds memory. */
const embeddingsPerRun = 32;

/** A combined map and what the head said of it under elements of a group. */
interface AskedMap {
  /** [C, s, s] */
  readonly map: Float32Array;
  /** What the head keeps of it beside the map. */
  readonly companion: Float32Array;
  /** M2(gX) by index of g; null while it is being asked for. */
  readonly embeddings: Map<number, Float32Array | null>;
}

/**
 * Predicts.
 * @returns per request, per turn
 * @throws DermOrbitError COMBINER_MISSING, INFERENCE_FAILED
 */
export async function predictTurned(
  orbit: ImageOrbit,
  requests: readonly TurnedRequest[],
): Promise<TurnedPrediction[][]> {
  const { model } = orbit;
  const names = [...new Set(requests.map(({ settings }) => settings.group))];
  // The largest group first: the tower then sees the orientations of the others with its own.
  names.sort((a, b) => groups[b].order - groups[a].order);
  const orbits = new Map<string, GroupOrbit>();
  for (const name of names) {
    const combiners = requests.flatMap(({ settings }) =>
      settings.group === name ? [combinerOf(settings)] : [],
    );
    const readings = await readOrbit(orbit, groups[name], new Set(combiners));
    orbits.set(name, new GroupOrbit(groups[name], readings, await readMaps(orbit, groups[name]), model));
  }
  const pending = requests.map(({ settings, turns }) => {
    const groupOrbit = orbits.get(settings.group)!;
    return turns.map((turn) => groupOrbit.prepare(settings, turn));
  });
  for (const groupOrbit of orbits.values()) await groupOrbit.askHead();
  return pending.map((row) => row.map((finish) => finish()));
}

/** The orbit's maps, n of each. */
interface OrbitMaps {
  readonly features: readonly Float32Array[];
  readonly companions: readonly Float32Array[];
  readonly embeddings: readonly Float32Array[];
}

async function readMaps(orbit: ImageOrbit, group: Group): Promise<OrbitMaps> {
  return {
    features: await orbit.features(group),
    companions: await orbit.companions(group),
    embeddings: await orbit.embeddings(group),
  };
}

/** One group's orbit of one image, read. */
class GroupOrbit {
  readonly #group: Group;
  readonly #readings: OrbitReadings;
  readonly #orbit: OrbitMaps;
  readonly #model: LoadedModel;
  readonly #maps = new Map<string, AskedMap>();
  readonly #framed: Float32Array[] = [];

  constructor(group: Group, readings: OrbitReadings, orbit: OrbitMaps, model: LoadedModel) {
    this.#group = group;
    this.#readings = readings;
    this.#orbit = orbit;
    this.#model = model;
  }

  /** Notes what the head must be asked; the result gives the answer once it has been. */
  prepare(settings: Settings, turn: number): () => TurnedPrediction {
    const { featureWeights, embeddingAnswer } = methods[settings.method];
    const readings = turnedReadings(this.#group, turn, this.#readings);
    const answers = answering(this.#model.manifest, settings);
    if (!hasFeatureMap(settings)) {
      const { probabilities: averaged, weights } = embeddingAnswer(readings, settings);
      requireNumbers(averaged);
      const probabilities = answers.probabilities({ averaged });
      return () => ({ probabilities, weights });
    }
    const { weights } = featureWeights(readings, settings);
    const { map, start } = this.#combined(settings, turn);
    const head =
      settings.head === 'plain'
        ? [start]
        : this.#group.elements.map((_, h) => this.#group.product[h]![start]!);
    for (const element of head) if (!map.embeddings.has(element)) map.embeddings.set(element, null);
    return () => {
      const embeddings = head.map((element) => map.embeddings.get(element)!);
      const logits = this.#logits(embeddings);
      requireNumbers(logits);
      const probabilities = answers.probabilities({ logits });
      return { probabilities, weights };
    };
  }

  #logits(embeddings: readonly Float32Array[]): number[] {
    const { manifest, classEmbeddings } = this.#model;
    const embedding = headEmbedding(joined(embeddings), manifest.embedding);
    return classLogits(embedding, classEmbeddings, manifest.logits);
  }

  /** The combined map of the turned image as `start` applied to a map that other turns share. */
  #combined(settings: Settings, turn: number): { map: AskedMap; start: number } {
    const { method, inverse, scorer, score } = settings;
    const { features, companions, embeddings } = this.#orbit;
    if (method === 'vanilla') {
      const map = this.#map(`vanilla ${turn}`, () => ({
        map: features[turn]!,
        companion: companions[turn]!,
        embeddings: new Map([[0, embeddings[turn]!]]),
      }));
      return { map, start: 0 };
    }
    const map = this.#map(`${method} ${scorer ?? score ?? ''} ${inverse}`, () => {
      const { weights } = methods[method].featureWeights(this.#readings, settings);
      return {
        map: weightedSum(
          features[0]!.length,
          (g) => (inverse === 'on' ? this.#turnedBack(g) : features[g]!),
          weights,
        ),
        companion: combineCompanions(companions, weights),
        embeddings: new Map(),
      };
    });
    return { map, start: inverse === 'on' ? turn : 0 };
  }

  /** F_g, which every method with inverse on combines. */
  #turnedBack(g: number): Float32Array {
    const { size } = mapOf(this.#model.manifest);
    return (this.#framed[g] ??= turnBack(this.#group, g, this.#orbit.features[g]!, size));
  }

  #map(key: string, make: () => AskedMap): AskedMap {
    const known = this.#maps.get(key);
    if (known) return known;
    const map = make();
    this.#maps.set(key, map);
    return map;
  }

  /** Asks the head for every embedding that is still missing, many maps per run. */
  async askHead(): Promise<void> {
    const missing = [...this.#maps.values()].filter(({ embeddings }) =>
      [...embeddings.values()].includes(null),
    );
    // Rows mostly ask for the same turns; one turn more of a map costs next to nothing.
    const wanted = new Set(missing.flatMap(({ embeddings }) => [...embeddings.keys()]));
    const turns = [...wanted].map((element) => this.#group.elements[element]!);
    const mapsPerRun = Math.ceil(embeddingsPerRun / wanted.size);
    for (let first = 0; first < missing.length; first += mapsPerRun) {
      const run = missing.slice(first, first + mapsPerRun);
      const maps = joined(run.map(({ map }) => map));
      const companions = joined(run.map(({ companion }) => companion));
      const answers = await this.#model.answers(maps, companions, turns);
      const rows = rowsOf(answers, this.#model.manifest.embedding);
      run.forEach(({ embeddings }, place) => {
        [...wanted].forEach((element, turn) => embeddings.set(element, rows[place * wanted.size + turn]!));
      });
    }
  }
}

function turnedReadings(group: Group, turn: number, readings: OrbitReadings): OrbitReadings {
  if (turn === 0) return readings;
  const permuted = <T>(values: readonly T[]) => actOnOrientations(group, turn, values);
  const { lambda, lambdaEmbedding, queries, keys, canonical, canonicalImage, distance } = readings;
  return {
    logits: permuted(readings.logits),
    normalizedLogits: permuted(readings.normalizedLogits),
    lambda: lambda && permuted(lambda),
    lambdaEmbedding: lambdaEmbedding && permuted(lambdaEmbedding),
    queries: queries && permuted(queries),
    keys: keys && permuted(keys),
    canonical: canonical && permuted(canonical),
    canonicalImage: canonicalImage && permuted(canonicalImage),
    distance: distance && permuted(distance),
  };
}

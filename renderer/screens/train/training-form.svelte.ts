// The Train screen's form: what is chosen, whether it can be started, and what it would take. It outlives the screen.
import type { DataChoice } from '../../../main/contract/application-jobs.ts';
import { asDermOrbitError, type DermOrbitError } from '../../../main/contract/errors.ts';
import { weighs, type Fields, type TrainKind } from '../../../main/contract/training-fields.ts';
import { modelIdSchema, type ModelSummary } from '../../../main/contract/manifest.ts';
import { levelSchema, methodSchema, type ProviderChoice } from '../../../main/contract/settings.ts';
import { configSchemas } from '../../../main/contract/training.ts';
import { fieldsOf } from '../../../main/contract/training-config.ts';
import { defaultValidationShare } from '../../../main/contract/training-defaults.ts';
import type { Outlook, OutlookRequest, TrainRequest } from '../../../main/contract/training-runs.ts';
import { combinerOf } from '../../../main/equivariance/settings.ts';
import { decideConfig } from '../../../main/equivariance/training-settings.ts';
import type { ApplicationClient } from '../../client/client.ts';
import type { ChosenData } from '../../shared/chosen-data.ts';

/** Time after the last change before the data are looked into again. */
const pause = 250;

export class TrainingForm {
  training = $state.raw<ChosenData | null>(null);
  /** Whether validation images are chosen, or held back from the training images. */
  separate = $state(false);
  validation = $state.raw<ChosenData | null>(null);
  share = $state<number | null>(defaultValidationShare);
  limit = $state<number | null>(null);
  allowMissingClasses = $state(false);

  kind = $state<TrainKind>('prefinetune');
  #modelId = $state<string | null>(null);
  /** What was chosen, by the paths of the fields; everything else is decided by the table. */
  #chosen = $state.raw<Readonly<Record<TrainKind, Fields>>>({ prefinetune: {}, finetune: {}, scratch: {} });
  /** Null: the suggestion. */
  #out = $state<string | null>(null);

  outlook = $state.raw<Outlook | null>(null);
  /** Data are being looked into. */
  foreseeing = $state(false);
  outlookError = $state.raw<DermOrbitError | null>(null);

  readonly #client: ApplicationClient;
  readonly #models: () => { readonly all: readonly ModelSummary[]; readonly chosen: ModelSummary | null };
  readonly #taken: () => readonly string[];
  #abort: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param taken names of models and runs */
  constructor(
    client: ApplicationClient,
    models: () => { readonly all: readonly ModelSummary[]; readonly chosen: ModelSummary | null },
    taken: () => readonly string[],
  ) {
    this.#client = client;
    this.#models = models;
    this.#taken = taken;
  }

  /** The starting model; that of the Classify screen until another is chosen. */
  readonly model: ModelSummary | null = $derived.by(() => {
    const { all, chosen } = this.#models();
    return all.find(({ id }) => id === this.#modelId) ?? chosen;
  });

  /** Of what was chosen, what has an effect; of the rest the table decides. */
  readonly #decided: Fields = $derived.by(() => {
    const chosen = this.#chosen[this.kind];
    const all = decideConfig(this.kind, chosen);
    const effective = fieldsOf(this.kind).filter(({ path, when }) => path in chosen && (when?.(all) ?? true));
    return decideConfig(this.kind, Object.fromEntries(effective.map(({ path }) => [path, chosen[path]])));
  });

  /** Whether the starting model brings the network of the chosen method at the chosen level. */
  readonly bringsNetwork: boolean = $derived.by(() => {
    if (this.kind === 'scratch') return false;
    const { method, level } = this.#decided;
    const network = combinerOf({ method: methodSchema.parse(method), level: levelSchema.parse(level) });
    return network !== null && (this.model?.combiners ?? []).includes(network);
  });

  readonly config: Fields = $derived.by(() => {
    const config = this.#decided;
    return weighs(config) && !this.bringsNetwork ? { ...config, initial: 'fresh' } : config;
  });

  readonly #checked = $derived.by(() => {
    const parsed = configSchemas[this.kind].safeParse(this.config);
    return parsed.success
      ? { config: parsed.data, issues: {} }
      : {
          config: null,
          issues: Object.fromEntries(
            parsed.error.issues.map(({ path, message }) => [path.join('.'), message]),
          ),
        };
  });

  /** What is wrong with a setting, by its path. */
  readonly issues: Readonly<Record<string, string>> = $derived.by(() => this.#checked.issues);

  readonly suggestedOut: string = $derived.by(() => {
    const { method } = this.#decided;
    const base = this.kind === 'scratch' ? 'scratch' : `${this.model?.id ?? 'model'}-${String(method)}`;
    const taken = this.#taken();
    for (let number = 1; ; number++) {
      const end = number === 1 ? '' : `-${number}`;
      const name = `${base.slice(0, 64 - end.length)}${end}`;
      if (!taken.includes(name)) return name;
    }
  });

  get out(): string {
    return this.#out ?? this.suggestedOut;
  }

  set out(name: string) {
    this.#out = name;
  }

  readonly outProblem: string | null = $derived.by(() => {
    if (!modelIdSchema.safeParse(this.out).success) {
      return 'Lower-case letters, digits, “-” and “_”; at most 64, beginning with a letter or digit';
    }
    return this.#taken().includes(this.out) ? 'A model or a run has this name' : null;
  });

  /** What is asked about the data; null while something is missing. */
  readonly request: OutlookRequest | null = $derived.by(() => {
    const { config } = this.#checked;
    const training = choiceOf(this.training);
    const validation = choiceOf(this.validation);
    const { share, limit } = this;
    if (training === null || config === null || share === null || !(share > 0 && share < 1)) return null;
    if (this.separate && validation === null) return null;
    const model = this.model?.id;
    const recipe =
      this.kind === 'scratch' ? { kind: this.kind, config } : model && { kind: this.kind, config, model };
    if (!recipe) return null;
    return {
      // Kind and configuration belong together, which the type checker cannot follow through the lookup.
      recipe: recipe as OutlookRequest['recipe'],
      data: {
        training,
        validation: this.separate ? validation : null,
        validationShare: share,
        limit,
        allowMissingClasses: this.allowMissingClasses,
      },
    };
  });

  /** As text: what the data would be looked into for again. */
  readonly #question: string = $derived.by(() => {
    if (this.request === null) return '';
    const { recipe, data } = this.request;
    return JSON.stringify({ recipe, data: { ...data, allowMissingClasses: false } });
  });

  /** Why it cannot be started yet, in words; null if it can. */
  readonly missing: string | null = $derived.by(() => {
    if (this.training === null) return 'Choose a folder of labelled images';
    if (this.separate && this.validation === null) return 'Choose the validation images';
    if (this.kind !== 'scratch' && this.model === null) return 'Choose a starting model';
    if (Object.keys(this.issues).length > 0) return 'A setting is not possible';
    if (this.request === null) return 'A share between 0 and 1 validates';
    if (this.outlookError !== null) return 'The images cannot be used as they are';
    if (this.outlook === null || this.foreseeing) return 'Looking into the images';
    if (this.outlook.missing.length > 0 && !this.allowMissingClasses) {
      return `No image shows ${this.outlook.missing.join(', ')}`;
    }
    return this.outProblem === null ? null : 'Choose another name for the new model';
  });

  chooseModel(id: string): void {
    this.#modelId = id;
  }

  set(path: string, value: unknown): void {
    this.#chosen = { ...this.#chosen, [this.kind]: { ...this.#chosen[this.kind], [path]: value } };
  }

  trainRequest(provider: ProviderChoice): TrainRequest | null {
    return this.request === null || this.missing !== null
      ? null
      : { ...this.request, out: this.out, provider };
  }

  /** A run has the name now: the next one gets another. */
  started(): void {
    this.#out = null;
  }

  /** Looks into the data when the question has changed; called by the screen's effect. */
  foresee(): void {
    const question = this.#question;
    clearTimeout(this.#timer);
    this.#abort?.abort();
    if (question === '' || this.request === null) {
      this.outlook = null;
      this.outlookError = null;
      this.foreseeing = false;
      return;
    }
    this.foreseeing = true;
    const abort = new AbortController();
    this.#abort = abort;
    const { request } = this;
    this.#timer = setTimeout(() => void this.#ask(request, abort), pause);
  }

  async #ask(request: OutlookRequest, abort: AbortController): Promise<void> {
    try {
      const outlook = await this.#client.call('outlook', request, { signal: abort.signal });
      if (this.#abort !== abort) return;
      this.outlook = outlook;
      this.outlookError = null;
    } catch (thrown) {
      if (this.#abort !== abort) return;
      this.outlook = null;
      this.outlookError = asDermOrbitError(thrown);
    }
    this.foreseeing = false;
  }
}

function choiceOf(data: ChosenData | null): DataChoice | null {
  return (
    data && { images: data.images.id, labels: data.labels?.id ?? null, lesions: data.lesions?.id ?? null }
  );
}

// Language models: how one is described on disk, how a person chooses a fair method, and what is answered.
import { z } from 'zod';
import { activationSchema } from './backbone.ts';
import { modelIdSchema, packageFileSchema } from './manifest.ts';

/** The methods of METHODS.md ("Language"); plain asks the model as it is. */
export const languageMethodSchema = z.enum(['plain', 'equilm', 'r-equilm', 'equizero', 'lambda']);
export type LanguageMethod = z.infer<typeof languageMethodSchema>;

/** What equizero compares the elements by. */
export const scoreNameSchema = z.enum(['max-probability', 'entropy']);
export type ScoreName = z.infer<typeof scoreNameSchema>;

/** A word as it stands in a text, its leading space included, or the id of a token. */
const wordSchema = z.union([z.string(), z.int().nonnegative()]);
export type Word = z.infer<typeof wordSchema>;

/** A groups file: the lists that words are exchanged in, and which other words are neutral or general. */
export const groupsFileSchema = z.strictObject({
  name: z.string().optional(),
  description: z.string().optional(),
  equality: z.array(z.array(wordSchema)),
  /** Empty or absent: every id that no list names. */
  neutral: z.array(wordSchema).optional(),
  general: z.array(wordSchema).optional(),
});
export type GroupsFile = z.infer<typeof groupsFileSchema>;

const count = z.int().min(1);

/** What a language model is made of. */
export const languageArchitectureSchema = z.strictObject({
  family: z.literal('gpt2'),
  layers: count,
  width: count,
  heads: count,
  /** Tokens that the model can look at together. */
  positions: count,
  vocabulary: count,
  activation: activationSchema,
  /** Added to the variance in every layer norm. */
  epsilon: z.number().positive(),
  /** What the products of queries and keys are multiplied by, layer by layer. */
  attentionScales: z.array(z.number().positive()),
  /** Whether the last layer is the table of the tokens' embeddings. */
  tied: z.boolean(),
  parameters: count,
});
export type LanguageArchitecture = z.infer<typeof languageArchitectureSchema>;

/** The manifest of an imported language model: a folder with manifest.json and the files that it names. */
export const languageManifestSchema = z.strictObject({
  schema: z.literal(1),
  kind: z.literal('language'),
  id: modelIdSchema,
  name: z.string().min(1).max(200),
  created: z.string(),
  madeWith: z.string(),
  architecture: languageArchitectureSchema,
  /** Ends a text; null where the tokenizer has no such token. */
  endToken: z.int().nonnegative().nullable(),
  /** What the files did not say and the importer took for granted, one sentence each. */
  assumed: z.array(z.string()),
  files: z.strictObject({
    /** Runs of layers, in order: a file of this format ends at 2 GB. */
    parts: z
      .array(z.strictObject({ from: z.int().nonnegative(), to: count, file: packageFileSchema }))
      .min(1),
    tokenizer: packageFileSchema,
    lambda: packageFileSchema.optional(),
  }),
  source: z.strictObject({ file: z.string(), format: z.string(), sha256: z.string() }),
});
export type LanguageManifest = z.infer<typeof languageManifestSchema>;

/** An imported model as lists show it. */
export interface LanguageSummary {
  readonly id: string;
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly architecture: LanguageArchitecture;
  /** Whether it brings a lambda net. */
  readonly lambda: boolean;
  readonly assumed: readonly string[];
}

/** A token that may come next. */
export interface NextToken {
  readonly id: number;
  readonly text: string;
  /** Of the method; natural logarithms. */
  readonly logit: number;
  readonly probability: number;
}

/** What a method says about the token behind a prefix. */
export interface NextAnswer {
  readonly tokens: readonly NextToken[];
  /** Equizero: which power of g answers. */
  readonly element?: number;
  /** How the elements weigh in the answer, where several do. */
  readonly weights?: readonly number[];
}

/** How probable a continuation is behind the prefix. */
export interface ScoredContinuation {
  readonly text: string;
  /** log P(X2 | X1), natural logarithm. */
  readonly logProbability: number;
  /** log P(g^k X2 | g^k X1) for every k, each measured by itself. */
  readonly orbit?: readonly number[];
  /** max over k of |log P(g^k X2 | g^k X1) - log P(X2 | X1)|. */
  readonly gap?: number;
}

export interface ScoreAnswer {
  readonly continuations: readonly ScoredContinuation[];
  /** The largest gap of them. */
  readonly gap?: number;
}

/** Why a generated text ends. */
export type StopReason = 'length' | 'newline' | 'end' | 'positions';

/** A text that a method wrote behind a prompt. */
export interface GeneratedText {
  readonly ids: readonly number[];
  /** Behind the prompt. */
  readonly text: string;
  readonly stopped: StopReason;
  /** Equizero: which power of g answered, token by token. */
  readonly elements?: readonly number[];
}

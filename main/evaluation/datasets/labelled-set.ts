// A labelled set as every format delivers it: images in a fixed order, each with one class and, where known,
// its lesion; and everything that was noticed on the way. Plain data. Depends on contract.
import type { DatasetSource } from '../../contract/dataset.ts';
import type { Problem } from '../../contract/problem.ts';

/** Where the pixels of an item lie. Nothing is opened before they are asked for. */
export type ImageReference =
  /** An image file, by its absolute path, inside the folder that was chosen. */
  | { readonly kind: 'file'; readonly path: string }
  /** 3072 bytes at `offset` of a CIFAR file: 32 x 32, planes red, green, blue. */
  | { readonly kind: 'cifar'; readonly path: string; readonly offset: number };

/** One labelled image. */
export interface LabelledItem {
  /** Unique in the set; what prediction files name. */
  readonly id: string;
  readonly image: ImageReference;
  /** Index into the classes of the set. */
  readonly label: number;
  /** Images of one lesion share it; null where unknown: the image then counts as a lesion of its own. */
  readonly lesion: string | null;
}

/** A labelled set. Nothing is dropped silently: what is not in `items` is in `problems`. */
export interface LabelledSet {
  /** Id of the format it was read as. */
  readonly format: string;
  /** Class codes; `label` points into them. */
  readonly classes: readonly string[];
  /** Plain words for the classes, for prompts and people. */
  readonly names: readonly string[];
  readonly items: readonly LabelledItem[];
  readonly problems: readonly Problem[];
}

/** One way of storing labelled images. */
export interface DatasetFormat {
  readonly id: string;
  /** As a person knows it. */
  readonly title: string;
  /** Whether the source looks like this format: from names and headers only; never throws for bad content. */
  match(source: DatasetSource): Promise<boolean>;
  /** @throws DermOrbitError if the set as a whole cannot be read; problems of single rows are listed instead */
  open(source: DatasetSource, signal?: AbortSignal): Promise<LabelledSet>;
}

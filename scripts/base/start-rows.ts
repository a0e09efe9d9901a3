// The pretrained networks that the recipe can start from: where each lies, how its pixels are scaled, and what is known of
// where its weights come from. Data only; docs/PRETRAINED.md tells it to people.

/** What is said about weights that were trained elsewhere. */
export interface Provenance {
  /** The package that holds them, with its version and licence. */
  readonly source: string;
  readonly known: readonly string[];
  /** What follows from the files, and is stated nowhere. */
  readonly inferred: readonly string[];
  readonly unknown: readonly string[];
}

/** One number for each colour; value = (pixel / 255 - mean) / std. */
type Colours = readonly [number, number, number];

export interface StartRow extends Provenance {
  /** Its architecture, for a person. */
  readonly name: string;
  readonly package: { readonly name: string; readonly version: string };
  /** SHA-256 of the files that are read, by path in the package. */
  readonly files: Readonly<Record<string, string>>;
  /**
   * How the network lies in them: a part of one file that is a TensorFlow Lite file, or a TensorFlow.js model and its
   * shards as JavaScript modules.
   */
  readonly layout: { readonly tflite: readonly [from: number, to: number] } | { readonly modules: true };
  /** The part that is taken: values by the names that the file gives them. */
  readonly part: { readonly from?: string; readonly to: string };
  readonly mean: Colours;
  readonly std: Colours;
}

const nsfwjs = {
  package: { name: 'nsfwjs', version: '4.4.0' },
  layout: { modules: true },
  source: 'npm package nsfwjs 4.4.0 (MIT, Infinite Red)',
  known: [
    'the package is under the MIT licence',
    'the network was trained to recognise indecent pictures; part of its training images is pornographic and they were scraped from the web, as the authors say',
    'weights are stored in 8 bits',
  ],
  inferred: [
    'the network was trained on ImageNet first: its early layers were saved as not trainable, and its layers have the names of Keras’ MobileNetV2',
  ],
  unknown: ['the licences of its training images, and whether the people on them agreed'],
} as const;

const hub =
  'StatefulPartitionedCall/sequential/keras_layer/StatefulPartitionedCall/StatefulPartitionedCall/StatefulPartitionedCall/predict';

export const startRows = {
  objectron: {
    name: 'MobileNetV2 1.0',
    package: { name: '@mediapipe/objectron', version: '0.4.1675468480' },
    files: {
      'objectron_solution_packed_assets.data':
        '470986ca5df183f41698da6de74b027d838fe289d77b5ab094497d350bee664e',
    },
    layout: { tflite: [184, 9_987_912] },
    part: { to: 'FeatureExtractor/MobilenetV2/Conv_1/Relu6' },
    ...{ mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    source: 'npm package @mediapipe/objectron 0.4.1675468480 (Apache-2.0, Google)',
    known: [
      'the package is under the Apache-2.0 licence',
      'the weights are the image network of an object detector (SSD) for 23 everyday things, persons among them, which the package lists (Bicycle, Boot, Laptop, Person, ...)',
      'weights are stored in half precision, batch norm folded into them',
    ],
    inferred: [
      'the detector was trained on Open Images V4: its file is called object_detection_ssd_mobilenetv2_oidv4_fp16.tflite, and the things are classes of that collection (Flickr pictures listed as CC BY 2.0 by it)',
      'the image network may have been trained on ImageNet before, as is usual for such detectors',
    ],
    unknown: ['which images it was trained on, and what their owners and the persons on them were asked'],
  },
  nsfwjs: {
    ...nsfwjs,
    name: 'MobileNetV2 1.0',
    files: {
      'dist/models/mobilenet_v2/model.min.js':
        'c32f104fd562b08cdff5ed69dfe1209643afa47e792fb12751d2949aa61a397a',
      'dist/models/mobilenet_v2/group1-shard1of1.min.js':
        'ef2e0a63f7d2c4960b37b024b669313f65d3c45cd59e9042636c55b39de53517',
    },
    part: { to: 'out_relu' },
    ...{ mean: [0, 0, 0], std: [1, 1, 1] },
  },
  'nsfwjs-mid': {
    ...nsfwjs,
    name: 'MobileNetV2 1.4',
    files: {
      'dist/models/mobilenet_v2_mid/model.min.js':
        'a7a9e701491e2449b221dab7c424957f853e700602b5575da33cfd745616f964',
      'dist/models/mobilenet_v2_mid/group1-shard1of2.min.js':
        'f2e79a209e44d668220ec5f1533a98f2be954e3953685bf074d201b82fefc29a',
      'dist/models/mobilenet_v2_mid/group1-shard2of2.min.js':
        'f291df992a0131741372506a6072fb9f1645bff7c973c983fd6276f5f9625d5e',
    },
    // Behind the scaling of pixels to [-1, 1], which is said in mean and std instead.
    part: { from: `${hub}/hub_input/Sub`, to: `${hub}/MobilenetV2/Conv_1/Relu6` },
    ...{ mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    inferred: [
      'the network was trained on ImageNet first: it holds a layer of TensorFlow Hub’s feature vectors (MobilenetV2, width 1.4), which are',
    ],
  },
} as const satisfies Record<string, StartRow>;

export type StartName = keyof typeof startRows;

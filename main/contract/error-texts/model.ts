// Errors, part of the one table of main/contract/errors.ts: checkpoints and models.
import type { ErrorText } from './text.ts';

export const modelErrors = {
  // Checkpoints
  CHECKPOINT_NOT_FOUND: { title: 'Checkpoint not found', action: 'Check the path of the checkpoint file.' },
  CHECKPOINT_UNRECOGNISED: {
    title: 'Not a checkpoint',
    action: 'Choose a CLIP checkpoint: TorchScript or state dict (.pt, .bin), or .safetensors.',
  },
  CHECKPOINT_TRUNCATED: { title: 'Damaged checkpoint', action: 'Download or copy the checkpoint again.' },
  CHECKPOINT_NOT_CLIP: {
    title: 'Not a CLIP model',
    action:
      'Choose a CLIP (ResNet or ViT), SigLIP or timm ViT under the names of OpenAI, open_clip or Hugging Face.',
  },
  CHECKPOINT_VIT: {
    title: 'Part of a vision transformer',
    action:
      'Tensors are missing or have other names: choose the whole file of OpenAI, open_clip or Hugging Face.',
  },
  CHECKPOINT_SHAPE: {
    title: 'Tensor of the wrong shape',
    action: 'The checkpoint is damaged or another network than its names say; use the original file.',
  },
  CHECKPOINT_NOT_FINITE: {
    title: 'Weights are not numbers',
    action: 'The checkpoint holds NaN or infinite weights; use one from before training diverged.',
  },
  CHECKPOINT_ENTRIES: {
    title: 'Several sets of weights',
    action:
      'Save the entry that you mean alone, torch.save(torch.load("FILE")["ENTRY"], "weights.pt"), and choose that file.',
  },
  PICKLE_FORBIDDEN: {
    title: 'More than weights',
    action:
      'Save the weights alone, torch.save(model.state_dict(), "weights.pt"), and choose that file. Python runs what such a file names when it loads it: do that only if you trust where it comes from.',
  },
  SAFETENSORS_INVALID: { title: 'Invalid safetensors file', action: 'Download or convert the file again.' },
  TENSORFLOW_INVALID: {
    title: 'Damaged TensorFlow model',
    action:
      'The file is cut, damaged or contradicts itself: download it again, with every file that its model.json names.',
  },
  TENSORFLOW_UNSUPPORTED: {
    title: 'TensorFlow model not supported',
    action:
      'DermOrbit reads convolutional networks with float results. Cut the network before the part that is named, or export it to ONNX.',
  },
  CLASS_EMBEDDINGS_INVALID: {
    title: 'Class embeddings do not fit',
    action:
      'Give a tensor `class_embeddings` of shape [embedding width, number of classes] made for this checkpoint.',
  },
  CLASS_EMBEDDINGS_NEEDED: {
    title: 'No class embeddings',
    action: {
      app: 'This checkpoint has no text tower: choose a file of class embeddings made for it in the import.',
      cli: 'This checkpoint has no text tower: give --class-embeddings FILE.safetensors.',
    },
  },
  COMBINERS_INVALID: {
    title: 'Combiner weights do not fit',
    action: 'Give combiner weights trained for this image tower.',
  },
  PROMPTS_INVALID: {
    title: 'Prompt file not understood',
    action:
      'Give JSON with a name for every class: {"names": {"MEL": "Melanoma", ...}, "templates": ["a photo of a {}."]}.',
  },
  CLASSES_INVALID: {
    title: 'Class list not understood',
    action: {
      app: 'Choose images of at least two classes; a list of classes holds distinct codes.',
      cli: 'Give distinct class codes separated by commas, e.g. MEL,NV,BCC,AKIEC,BKL,DF,VASC.',
    },
  },
  // Models
  MODEL_NOT_FOUND: {
    title: 'Model not found',
    action: {
      app: 'Choose one of the models listed on the Models screen.',
      cli: 'List the installed models with: dermorbit models list.',
    },
  },
  MODEL_EXISTS: {
    title: 'Model id is taken',
    action: {
      app: 'Choose another name, or remove the installed model first.',
      cli: 'Choose another --id, or remove the installed model first.',
    },
  },
  MODEL_ID_INVALID: {
    title: 'Invalid model id',
    action:
      'Use lower-case letters, digits, "-" and "_"; at most 64 characters, starting with a letter or digit.',
  },
  MODEL_BUNDLED: { title: 'Bundled model', action: 'Models that come with DermOrbit cannot be removed.' },
  MANIFEST_INVALID: {
    title: 'Invalid model manifest',
    action: 'Remove the model and import it again; its manifest is damaged or from another version.',
  },
  MODEL_FILE_MISSING: {
    title: 'Model file missing',
    action: 'Remove the model and import it again; a file of its package is gone.',
  },
  MODEL_HASH_MISMATCH: {
    title: 'Model file was changed',
    action: 'Do not use this model: its bytes differ from its manifest. Remove it and import it again.',
  },
  MODEL_UNSAFE: {
    title: 'Model graph refused',
    action: 'Use a model package made by DermOrbit; this graph reaches outside itself, or costs too much.',
  },
  COMBINER_MISSING: {
    title: 'Model lacks this method',
    action: {
      app: 'Choose another method or another model, or import the model again with combiner weights. A finetuning can begin its network with random weights.',
      cli: 'Choose another method, or import combiner weights with --combiners.',
    },
  },
  EVIDENCE_UNAVAILABLE: {
    title: 'No evidence map',
    action: {
      app: 'Choose a feature-level method with Inverse on: only these keep the frame of the image.',
      cli: 'Choose a feature-level method with --inverse on: only these keep the frame of the image.',
    },
  },
} as const satisfies Record<string, ErrorText>;

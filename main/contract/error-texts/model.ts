// Errors, part of the one table of main/contract/errors.ts: checkpoints and models.
import type { ErrorText } from './text.ts';

export const modelErrors = {
  // Probabilities
  PRIOR_INVALID: {
    title: 'Shares of classes that are none',
    action: {
      app: 'Give every class of the model a share from 0 to 100 %, 100 % together.',
      cli: 'Give every class of the model a share from 0 to 1, 1 together: --prior "MEL=0.05,NV=0.8,...".',
    },
  },
  CALIBRATION_DATA: {
    title: 'Too few images to calibrate on',
    action: 'Add labelled images that chose nothing of the model, with some of every class.',
  },
  PRIOR_UNKNOWN: {
    title: 'Training shares unknown',
    action: 'Choose the balanced prior or your own shares: this model was never calibrated.',
  },
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
  CHECKPOINT_POINTER: {
    title: 'A pointer, not the model',
    action: 'Fetch the file that it stands for: git lfs pull, or the download link of the model page.',
  },
  ONNX_INPUT: {
    title: 'Not a model of one picture',
    action: 'Export the part of the network that takes one picture, as a float or uint8 tensor of four axes.',
  },
  ONNX_NOT_SQUARE: {
    title: 'Pictures are not square',
    action: 'Export the model with a square input, or with free height and width.',
  },
  ONNX_OUTPUT: {
    title: 'No class output',
    action: {
      app: 'Export the model with one output of one number per class.',
      cli: 'Name the output with --output NAME, or export the model with one output of one number per class.',
    },
  },
  ONNX_OPERATOR: {
    title: 'Unknown operator',
    action: 'Export the model again with standard ONNX operators (operator set 9 to 21), for inference.',
  },
  ONNX_EXTERNAL: {
    title: 'Weights outside the folder',
    action: 'Save the model again with its weights in the file, or in a file beside it.',
  },
  ONNX_EXTERNAL_MISSING: {
    title: 'Weights are missing',
    action: 'Put the file of the weights into the folder of the model.',
  },
  ONNX_CUT: {
    title: 'The model cannot be divided there',
    action: {
      app: 'Choose one of the values that the message names, or leave the field empty: then it is found.',
      cli: 'Choose one of the values that the message names, or leave --cut out: then it is found.',
    },
  },
  ONNX_UNFAITHFUL: {
    title: 'Not the same model',
    action:
      'The two parts would not answer as the whole file does, so nothing was saved. Export the model again, with a free batch if it had a fixed one.',
  },
  CLASSES_NEEDED: {
    title: 'Classes without names',
    action: {
      app: 'Write the names of the classes in the import, separated by commas.',
      cli: 'Give --classes A,B,... with a name for each, or --map "3=MEL,7=NV" for those that you want.',
    },
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
  MAP_MISSING: {
    title: 'The model has no map',
    action: {
      app: 'Choose a method at embedding level, which combines answers.',
      cli: 'Choose --level embedding, which combines answers, or --method tta.',
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

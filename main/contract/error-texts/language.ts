// Errors, part of the one table of main/contract/errors.ts: language models, groups of words, prompts.
import type { ErrorText } from './text.ts';

export const languageErrors = {
  // Models and their files
  LANGUAGE_MODEL_NOT_FOUND: {
    title: 'Language model not found',
    action: {
      app: 'Choose one of the language models listed.',
      cli: 'List the imported language models with: dermorbit language list.',
    },
  },
  LANGUAGE_CONFIG: {
    title: 'Configuration does not describe a GPT-2',
    action:
      'Give the folder of a model of the GPT-2 family (gpt2, distilgpt2, gpt2-medium, gpt2-large) with its config.json.',
  },
  LANGUAGE_WEIGHTS_AMBIGUOUS: {
    title: 'Several files of weights',
    action: {
      app: 'Name the file that is meant instead of its folder.',
      cli: 'Name the file that is meant: dermorbit language import FOLDER/FILE --id ID.',
    },
  },
  LANGUAGE_TENSOR_MISSING: {
    title: 'Tensor missing',
    action: 'Download the weights again; a part of the network is not in them.',
  },
  LANGUAGE_TENSOR_SHAPE: {
    title: 'Tensor of another shape',
    action: 'Use the weights and the config.json of the same model, as published.',
  },
  LANGUAGE_TOKENIZER: {
    title: 'Tokenizer not understood',
    action: 'Give the tokenizer.json, or vocab.json and merges.txt, that belong to the model.',
  },
  LANGUAGE_TOKENIZER_SIZE: {
    title: 'Tokenizer of another model',
    action: 'Use the tokenizer that the model was trained with: it has one token for each row of wte.',
  },
  LANGUAGE_LAMBDA: {
    title: 'Lambda net does not fit',
    action: {
      app: 'Use a lambda net that was trained for this model.',
      cli: 'Train one for this model: dermorbit language train-lambda --model ID --groups FILE --text FILE.',
    },
  },
  LANGUAGE_LAMBDA_MISSING: {
    title: 'Model lacks a lambda net',
    action: {
      app: 'Choose another method, or a model that brings a lambda net.',
      cli: 'Give --lambda FILE, or train one with: dermorbit language train-lambda.',
    },
  },
  // The group on tokens
  GROUPS_INVALID: {
    title: 'Groups file not understood',
    action:
      'Give JSON such as {"equality": [[" man", " woman"]], "neutral": [], "general": []}; words with their leading space.',
  },
  GROUP_NO_LIST: {
    title: 'No equality words',
    action: 'Give at least one list of words to be exchanged, e.g. [" man", " woman"].',
  },
  GROUP_LIST_SHORT: {
    title: 'List of one word',
    action: 'Give each list at least two words: they are exchanged for one another.',
  },
  GROUP_LISTS_DIFFER: {
    title: 'Lists of different lengths',
    action: 'Give all equality lists the same number of words: it is the order of the group.',
  },
  GROUP_WORD_EMPTY: { title: 'Empty word', action: 'Remove the empty word, or write the one that is meant.' },
  GROUP_WORD_TOKENS: {
    title: 'Word of several tokens',
    action: 'Choose words that are one token of this model, each with its leading space, as in " man".',
  },
  GROUP_WORD_SPACE: {
    title: 'Word without its space',
    action: 'Write the word as it stands in a text, with its leading space, as in " man".',
  },
  GROUP_WORD_UNKNOWN: {
    title: 'Word not in the vocabulary',
    action: 'Choose words that are one token of this model; this one is spelled out in bytes.',
  },
  GROUP_WORD_TWICE: {
    title: 'Word twice in a list',
    action: 'Let every word of a list stand in it once.',
  },
  GROUP_WORD_IN_TWO_LISTS: {
    title: 'Word in two lists',
    action: 'Let every equality word stand in one list only: else it is not said what becomes of it.',
  },
  GROUP_WORD_ROLES: {
    title: 'Word of two kinds',
    action: 'Let a word be an equality, a neutral or a general word, and only one of these.',
  },
  GROUP_ID_OUTSIDE: {
    title: 'Token id outside the vocabulary',
    action: 'Give ids from 0 to one less than the size of the vocabulary.',
  },
  GROUPS_NEEDED: {
    title: 'No groups given',
    action: {
      app: 'Choose a file of groups: only the plain method works without.',
      cli: 'Give --groups FILE: only the plain method works without a group.',
    },
  },
  // Prompts
  PROMPT_EMPTY: {
    title: 'Empty prompt',
    action: {
      app: 'Write how the text begins, or begin knowingly with the end-of-text token, <|endoftext|>.',
      cli: 'Write how the text begins, or begin knowingly with the end-of-text token: --prefix "<|endoftext|>".',
    },
  },
  PROMPT_TOO_LONG: {
    title: 'Prompt too long',
    action: 'Shorten the prompt; the model has no positions for the rest.',
  },
  PROMPT_FILLS_POSITIONS: {
    title: 'No position left',
    action: 'Shorten the prompt: it fills the model, so that nothing can be generated behind it.',
  },
  PROMPTS_FILE_INVALID: {
    title: 'File of prompts not understood',
    action: 'Give a text file with one prompt on each line, or a JSON list of texts.',
  },
  CONTINUATION_EMPTY: {
    title: 'Empty continuation',
    action: 'Write the words whose probability is asked for, with their leading space.',
  },
  LANGUAGE_TEXT_SHORT: {
    title: 'Text too short',
    action: 'Give a longer text: the first token of a text is not scored.',
  },
} as const satisfies Record<string, ErrorText>;

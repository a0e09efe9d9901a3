// The part of @huggingface/tokenizers that is used. The package's own types import their files without extensions,
// which TypeScript does not resolve in ES modules.
declare module '@huggingface/tokenizers' {
  export class Tokenizer {
    /** @param description a tokenizer.json, @param configuration a tokenizer_config.json */
    constructor(description: object, configuration: object);
    encode(text: string, options?: { add_special_tokens?: boolean }): { ids: number[] };
  }
}

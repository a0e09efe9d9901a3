// Manifests of version 1, from when a CLIP ResNet was the only backbone, told in the words of version 2. The file
// stays as it is, and so does its hash.
import { z } from 'zod';

/** Only what changed; everything else is checked as version 2. */
const versionOneSchema = z.looseObject({
  schema: z.literal(1),
  input: z.looseObject({}),
  architecture: z.strictObject({
    name: z.unknown(),
    layers: z.unknown(),
    width: z.unknown(),
    heads: z.unknown(),
    parameters: z.unknown(),
  }),
  files: z.looseObject({ attentionPool: z.unknown() }),
});

/** @returns the manifest as version 2; anything else than version 1 as it is */
export function withoutVersionOne(json: unknown): unknown {
  const found = versionOneSchema.safeParse(json);
  if (!found.success) return json;
  const { architecture, files, input, ...rest } = found.data;
  const { name, layers, width, heads, parameters } = architecture;
  const { attentionPool: head, ...others } = files;
  return {
    ...rest,
    schema: 2,
    input: { ...input, resize: 'shortest-crop' },
    invariantPart: 0,
    head: { kind: 'attention-pool', layers, width, heads },
    architecture: { backbone: 'clip-resnet', name, parameters },
    files: { ...others, head },
  };
}

// Names of weights as people expect them, "expanded_conv_3.expand", from TensorFlow's, which carry the scopes of the
// whole program and the operators that were fused: "FeatureExtractor/MobilenetV2/expanded_conv_3/expand/Relu6;...". Pure.

/** Last parts of a name that say which operator came last and not whose weights they are. */
const operatorName =
  /^(relu[0-9]*|batch_?norm(alization)?|fusedbatchnorm(v[0-9])?|conv2d[0-9]*|biasadd|matmul|separable_conv2d)$/i;

/**
 * @param labels of the layers with weights, as the file has them
 * @returns by label: lower case, scopes separated by dots, without the scopes that all have in common
 */
export function weightNames(labels: readonly string[]): Map<string, string> {
  const paths = labels.map((label) => [label, ownScopes(label)] as const);
  const first = paths[0]?.[1] ?? [];
  let common = 0;
  const shared = (at: number) =>
    paths.every(([, scopes]) => at < scopes.length - 1 && scopes[at] === first[at]);
  while (common < first.length && shared(common)) common++;
  return new Map(
    paths.map(([label, scopes]) => {
      const name = scopes.slice(common).join('.').toLowerCase();
      return [label, name.replaceAll(/[^a-z0-9._-]/g, '_')];
    }),
  );
}

function ownScopes(label: string): string[] {
  // TensorFlow Lite joins the names of operators that it made one with semicolons.
  const scopes = label
    .split(';')[0]!
    .split('/')
    .filter((scope) => scope !== '');
  const own = [...scopes];
  while (own.length > 1 && operatorName.test(own.at(-1)!)) own.pop();
  if (own.length > 1 && own.at(-1) === own.at(-2)) own.pop();
  return own.length > 0 ? own : ['layer'];
}

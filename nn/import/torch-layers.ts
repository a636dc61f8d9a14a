import { PolicyFileError } from '../../core/errors.ts';
import type { StateTensor } from '../../core/state-dict.ts';
import { sourceActivations } from './dense.ts';
import type { ImportedLayer, SourceActivation } from './imported-model.ts';
import { widestLayer } from './weight-limits.ts';

export type StateDict = ReadonlyMap<string, StateTensor>;

/** `y = φ(W·x + b)` as PyTorch has it: W [outputs×inputs] row-major. */
export interface TorchLinear {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly activation: SourceActivation;
}

/**
 * The `nn.Linear` whose tensors are `name.weight` and `name.bias` (zeros where it has none).
 * @throws {PolicyFileError} when its weight is missing or no matrix, or its bias of another length.
 */
export function torchLinear(tensors: StateDict, name: string, activation: SourceActivation, file: string): TorchLinear {
  const fail = (message: string, field: string): never => {
    throw new PolicyFileError(message, { place: { file, path: `/${name}.${field}` } });
  };
  const weight = tensors.get(`${name}.weight`);
  if (weight === undefined) return fail(`missing tensor; the file has ${listed([...tensors.keys()])}`, 'weight');
  const [outputs, inputs] = weight.shape;
  if (weight.shape.length !== 2 || inputs === undefined || outputs === undefined || inputs < 1 || outputs < 1)
    return fail(`shape is [${weight.shape.join(', ')}], expected [outputs, inputs] of a dense layer`, 'weight');
  const bias = tensors.get(`${name}.bias`);
  if (bias !== undefined && (bias.shape.length !== 1 || bias.shape[0] !== outputs))
    return fail(`shape is [${bias.shape.join(', ')}], expected [${outputs}] as its weight has rows`, 'bias');
  return {
    name,
    inputs,
    outputs,
    weight: weight.data,
    bias: bias?.data ?? new Float32Array(outputs),
    activation,
  };
}

/** The layers `prefix.0`, `prefix.2` … of an `nn.Sequential`, in order of their numbers; none where it has none. @throws {PolicyFileError} */
export function torchSequence(
  tensors: StateDict,
  prefix: string,
  activation: SourceActivation,
  file: string,
): TorchLinear[] {
  const numbers: number[] = [];
  for (const key of tensors.keys()) {
    if (!key.startsWith(`${prefix}.`)) continue;
    const match = /^(\d{1,4})\.weight$/.exec(key.slice(prefix.length + 1));
    if (match !== null) numbers.push(Number(match[1]));
  }
  return numbers.sort((a, b) => a - b).map((at) => torchLinear(tensors, `${prefix}.${at}`, activation, file));
}

/** Throws a `PolicyFileError` unless each layer reads what the one before it gives, and there are no more than a policy may have. */
export function assertChain(linears: readonly TorchLinear[], file: string): void {
  if (linears.length === 0 || linears.length > 60)
    throw new PolicyFileError(`the network has ${linears.length} dense layers, expected 1 to 60`, { place: { file } });
  for (const [l, { name, inputs, outputs }] of linears.entries()) {
    if (inputs > widestLayer || outputs > widestLayer)
      throw new PolicyFileError(`shape is [${outputs}, ${inputs}], expected at most ${widestLayer} of each`, {
        place: { file, path: `/${name}.weight` },
      });
    const below = linears[l - 1];
    if (below !== undefined && below.outputs !== inputs)
      throw new PolicyFileError(`reads ${inputs} numbers, expected the ${below.outputs} that ${below.name} gives`, {
        place: { file, path: `/${name}.weight` },
      });
  }
}

/** The same layer of ours. */
export function importedLayer({ inputs, outputs, weight, bias, activation }: TorchLinear): ImportedLayer {
  return { inputs, outputs, activation, weight: (i, o) => weight[o * inputs + i]!, bias };
}

/** What PyTorch would compute for one row, in float64 from its own tensors. @param x [I] */
export function torchForward(linears: readonly TorchLinear[], x: Float64Array): Float64Array {
  return linears.reduce<Float64Array>((below, { inputs, outputs, weight, bias, activation }) => {
    const above = Float64Array.from(bias);
    for (let o = 0; o < outputs; o++) {
      for (let i = 0; i < inputs; i++) above[o]! += weight[o * inputs + i]! * below[i]!;
      above[o] = sourceActivations[activation](above[o]!);
    }
    return above;
  }, x);
}

/** Names for a message: the first dozen. */
export function listed(names: readonly string[]): string {
  const first = names.slice(0, 12).map((name) => name.slice(0, 80));
  return names.length === 0
    ? 'none'
    : `${first.join(', ')}${names.length > 12 ? ` and ${names.length - 12} more` : ''}`;
}

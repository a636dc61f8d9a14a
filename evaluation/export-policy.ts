import { onnxModel } from '../nn/export/onnx.ts';
import { stateDict } from '../nn/export/state-dict.ts';
import { loadPolicy } from '../nn/policy.ts';

/** What a policy can be written as. */
export const exportFormats = ['onnx', 'safetensors'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** A policy of ours as another library's file, and one line about it. */
export interface ExportedPolicy {
  readonly bytes: Uint8Array;
  readonly widths: readonly number[];
  readonly head: string;
}

/**
 * @param label the folder that the two files came from, for messages
 * @param action whether an ONNX model puts out the decoded action too
 * @throws {PolicyFileError} when either file is damaged or they do not belong together
 */
export function exportPolicy(
  card: string,
  weights: Uint8Array,
  label: string,
  format: ExportFormat,
  action: boolean,
): ExportedPolicy {
  using policy = loadPolicy(card, weights, label, 'reference');
  const { layers, head } = policy.card;
  return {
    bytes: format === 'onnx' ? onnxModel(policy, action) : stateDict(policy),
    widths: [layers[0]!.inputs, ...layers.map((layer) => layer.outputs)],
    head: head.kind,
  };
}

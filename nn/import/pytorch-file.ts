import { readStateDict } from '../../core/state-dict.ts';
import type { Importer } from './imported-model.ts';
import { torchNetwork } from './torch-network.ts';
import { policyLimits } from './weight-limits.ts';

/** `torch.save(model.state_dict())`, alone or within a checkpoint. */
export const pytorchFile: Importer = {
  title: 'PyTorch state dictionary (.pth, .pt, .bin)',
  // 0x80: the format before PyTorch 1.6, which its reader names.
  detect({ bytes, name }) {
    const [first, second] = bytes.subarray(0, Math.min(2, bytes.length));
    return (first === 0x50 && second === 0x4b) || (first === 0x80 && /\.(pth|pt|bin)$/.test(name));
  },
  read: ({ bytes, name }, options) => torchNetwork(readStateDict(bytes, name, policyLimits), options, name),
};

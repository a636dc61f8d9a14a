// Compares every case of logits/tensor with its float64 reference on WebGPU, in a process of its own, since a device library reads its
// environment when it is loaded. Prints one line of JSON.
import * as fc from 'fast-check';
import { selectBackend } from '../../../nn/backend.ts';
import { cases } from './cases.ts';
import { compare } from './harness.ts';
import type { Difference } from './harness.ts';

export interface WebgpuReport {
  readonly device: string;
  readonly cases: readonly (Difference & { readonly name: string })[];
}

using backend = await selectBackend({ force: 'webgpu', allowSoftware: true });
const compared: (Difference & { name: string })[] = [];
for (const one of cases) {
  const [shape] = fc.sample(one.shapes, { numRuns: 1, seed: 5 });
  compared.push({ name: one.name, ...(await compare(backend.tf, one, shape!)) });
}
const report: WebgpuReport = { device: backend.device, cases: compared };
process.stdout.write(`${JSON.stringify(report)}\n`);

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { evaluateGraph } from '../../nn/import/onnx/evaluate.ts';
import { readOnnxModel } from '../../nn/import/onnx/model.ts';
import { loadPolicy } from '../../nn/policy.ts';
import { readSafetensors } from '../../nn/safetensors.ts';
import { policyVictim } from '../../nn/victim.ts';
import { faultlineIn } from '../support/faultline.ts';
import type { Outcome } from '../support/faultline.ts';
import { writeModels } from '../support/model-folder.ts';

const scratch = mkdtempSync(join(tmpdir(), 'faultline-export-'));
const faultline = (args: readonly string[]): Promise<Outcome> => faultlineIn(scratch, args);
const policy = join('models', 'small-ppo');
beforeAll(async () => {
  await writeModels(join(scratch, 'models'));
  await faultline(['--version']); // builds what is missing
}, 240_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

it('writes an ONNX model that decides as the policy does', async () => {
  const { code, stdout } = await faultline(['export', policy, '--to', 'onnx', '--action', '--out', 'p.onnx', '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    file: 'p.onnx',
    format: 'onnx',
    widths: [31, 16, 20],
    head: 'categorical',
  });
  const graph = readOnnxModel(readFileSync(join(scratch, 'p.onnx')), 'p.onnx');
  const read = (name: string): Buffer => readFileSync(join(scratch, policy, name));
  using loaded = loadPolicy(read('policy.json').toString(), read('policy.safetensors'), policy);
  const x = Float32Array.from({ length: 31 * 6 }, (_, i) => (i % 11) / 10);
  const action = new Float64Array(6);
  policyVictim(loaded).decide(x, 6, action);
  evaluateGraph(graph, 'action', x, 6).forEach((value, row) => expect(value).toBeCloseTo(action[row]!, 6));
});

it('writes a state dict into a folder', async () => {
  const { code } = await faultline(['export', policy, '--to', 'safetensors', '--out', 'torch']);
  expect(code).toBe(0);
  const tensors = readSafetensors(readFileSync(join(scratch, 'torch', 'model.safetensors')), 'model.safetensors');
  expect(tensors.get('0.weight')?.shape).toEqual([16, 31]);
});

it.each([
  [['export', 'nobody', '--to', 'onnx', '--out', 'x.onnx'], /nobody.policy\.json.*cannot be read/],
  [['export', policy, '--to', 'safetensors', '--action', '--out', 'x'], /--action is of ONNX/],
  [['export', policy, '--to', 'pickle', '--out', 'x'], /Allowed choices are onnx, safetensors/],
])('%j is refused', async (args, expected) => {
  const { code, stderr } = await faultline(args);
  expect(code).toBe(2);
  expect(stderr).toMatch(expected);
});

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import { softwareVulkan } from '../../support/software-vulkan.ts';
import type { StackReport } from './stack-child.ts';

const root = join(import.meta.dirname, '..', '..', '..');

function report(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<StackReport | { refused: string }> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', join(import.meta.dirname, 'stack-child.ts'), ...args],
      { cwd: root, env: { ...process.env, ...env }, timeout: 110_000 },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`${error.message}\n${stderr}`, { cause: error }));
        else resolve(JSON.parse(stdout) as StackReport | { refused: string });
      },
    );
  });
}

it('a stack learns and is attacked on WebGPU, by software Vulkan, as on the CPU', async (context: TestContext) => {
  const vulkan = softwareVulkan();
  if ('missing' in vulkan) context.skip(vulkan.missing);
  const found = await report(['webgpu', 'software'], vulkan.env);
  if ('refused' in found) throw new Error(found.refused);
  expect(found.device).toMatch(/^software/);
  expect(found.parameters).toBeLessThan(2e-5);
  expect(found.moved).toBeLessThan(0.01);
}, 120_000);

it('and on a GPU, where there is one', async (context: TestContext) => {
  const found = await report(['webgpu'], {});
  if ('refused' in found) context.skip(found.refused);
  expect(found.parameters).toBeLessThan(1e-4);
  expect(found.moved).toBeLessThan(0.01);
}, 120_000);

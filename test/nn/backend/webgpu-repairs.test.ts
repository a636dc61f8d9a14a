import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import { BackendError } from '../../../core/errors.ts';
import { withBounds } from '../../../nn/backend/webgpu-repairs.ts';
import { softwareVulkan } from '../../support/software-vulkan.ts';
import type { Apart } from './apart-child.ts';

const root = join(import.meta.dirname, '..', '..', '..');

function apart(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<readonly Apart[] | { refused: string }> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', join(import.meta.dirname, 'apart-child.ts'), ...args],
      { cwd: root, env: { ...process.env, ...env }, timeout: 110_000 },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`${error.message}\n${stderr}`, { cause: error }));
        else resolve(JSON.parse(stdout) as readonly Apart[] | { refused: string });
      },
    );
  });
}

function judge(found: readonly Apart[]): void {
  for (const { case: name, touched, apart } of found) {
    expect(touched, name).toEqual([2]);
    expect(apart, name).toBeLessThan(5e-5);
  }
  expect(new Set(found.map(({ program }) => program))).toEqual(
    new Set(['matMulPacked', 'matMulSmallOutputSize', 'matMulReduce']),
  );
}

describe('matrix products of many pairs on WebGPU', () => {
  it('do not touch each other: NaN and infinity stay in their pair, on software Vulkan', async (context: TestContext) => {
    const vulkan = softwareVulkan();
    if ('missing' in vulkan) context.skip(vulkan.missing);
    const found = await apart(['software'], vulkan.env);
    if ('refused' in found) throw new Error(found.refused);
    judge(found);
  }, 120_000);

  it('and on a GPU, where there is one', async (context: TestContext) => {
    const found = await apart([], {});
    if ('refused' in found) context.skip(found.refused);
    judge(found);
  }, 120_000);
});

describe('the shader of a matrix product', () => {
  const stock = `
  fn mm_readB(batch: i32, row: i32, col: i32) -> vec4<f32> {
    var value = vec4<f32>(0.0);
    value = getB(batch, col, row);
    return value;
  }
  fn mm_write(batch: i32, row: i32, col: i32, valueIn: f32) {}`;

  it('reads its second factor within bounds', () => {
    expect(withBounds(stock, 'matMulPacked')).toContain(
      'if (row < uniforms.dimInner && col < uniforms.dimBOuter) { value = getB(batch, col, row); }',
    );
  });

  it('is refused where it is not the one that is known', () => {
    expect(() => withBounds(withBounds(stock, 'matMulPacked'), 'matMulPacked')).toThrow(BackendError);
  });
});

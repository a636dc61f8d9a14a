import { afterAll, describe, expect, it } from 'vitest';
import type { Activation } from '../../core/policy.ts';
import { activationFunctions, activationNames } from '../../nn/activation.ts';
import { kernel } from '../../nn/kernel/kernel.ts';

const count = 400_004;
const { heap, activate, chain } = kernel();
const h = heap.allocate(count);
const slope = heap.allocate(count);
const delta = heap.allocate(count);

afterAll(() => {
  for (const address of [h, slope, delta]) heap.release(address, count);
});

function apply(activation: Activation, z: Float32Array): { value: Float32Array; derivative: Float32Array } {
  const code = activationNames.indexOf(activation);
  heap.floats.set(z, h / 4);
  heap.floats.fill(1, delta / 4, delta / 4 + z.length);
  activate(code, h, slope, z.length);
  chain(code, delta, h, slope, z.length);
  const read = (at: number): Float32Array => heap.floats.slice(at / 4, at / 4 + z.length);
  return { value: read(h), derivative: read(delta) };
}

describe.each(activationNames)('the vectorised %s', (activation) => {
  const exact = activationFunctions[activation];

  it('is accurate to 2e-7 in value and 5e-7 in slope, relative above 1', () => {
    // Dense near 0, where cancellation would show, and out to where the exponential saturates.
    const z = Float32Array.from({ length: count }, (_, i) => {
      const t = (2 * i) / (count - 1) - 1;
      return i % 2 === 0 ? 100 * t : t ** 3;
    });
    const { value, derivative } = apply(activation, z);
    let worst = 0;
    let worstSlope = 0;
    for (const [i, at] of z.entries()) {
      const wanted = exact.value(at);
      worst = Math.max(worst, Math.abs(value[i]! - wanted) / Math.max(1, Math.abs(wanted)));
      worstSlope = Math.max(worstSlope, Math.abs(derivative[i]! - exact.slope(at)));
    }
    expect(worst).toBeLessThan(2e-7);
    expect(worstSlope).toBeLessThan(5e-7);
  });

  it('keeps 0, saturates at infinity and lets NaN through', () => {
    const { value } = apply(activation, Float32Array.of(0, Number.NaN, 1e30, -1e30));
    expect(value[0]).toBe(0);
    expect(value[1]).toBeNaN();
    expect(value[2]).toBe(Math.fround(exact.value(1e30)));
    expect(Math.abs(value[3]! - Math.fround(exact.value(-1e30)))).toBeLessThan(1e-30);
  });
});

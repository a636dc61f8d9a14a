import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { BackendError, ConfigError } from '../../core/errors.ts';
import type { Activation } from '../../core/policy.ts';
import { rng } from '../../core/rng.ts';
import { sha256Hex } from '../../core/sha256.ts';
import { activationNames } from '../../nn/activation.ts';
import { Crew, kernelThreads } from '../../nn/kernel/crew.ts';
import { kernel } from '../../nn/kernel/kernel.ts';
import { wasmNetwork } from '../../nn/wasm-network.ts';
import { bits, fill, layersOf, passes, uniform } from './random-network.ts';

const before = kernel().heap.used;
afterEach(() => expect(kernel().heap.used).toBe(before));

/** Of the bits: comparing typed arrays number by number would take most of the test's time. */
const hash = (values: Float32Array): string => sha256Hex(new Uint8Array(bits(values).buffer));

/** Large enough that a crew is called, and at times for more than one stretch of rows. */
const largeCase = fc.record({
  widths: fc.array(fc.integer({ min: 40, max: 90 }), { minLength: 3, maxLength: 4 }),
  activations: fc.array(fc.constantFrom<Activation>(...activationNames), { minLength: 3, maxLength: 3 }),
  rows: fc.integer({ min: 330, max: 1700 }),
  seed: fc.nat(),
});

/** All that two passes and two Adam steps give. */
function trained(
  threads: number,
  { widths, activations, rows, seed }: typeof largeCase extends fc.Arbitrary<infer T> ? T : never,
  spoil = 0,
) {
  using _threads = kernelThreads(threads);
  using network = wasmNetwork(layersOf(widths, activations));
  fill(network, seed);
  const parameters = new Float32Array(network.size);
  network.readParameters(parameters);
  if (spoil !== 0) parameters[seed % parameters.length] = spoil;
  network.writeParameters(parameters);
  const data = rng(seed).split('data');
  const x = uniform(rows * network.inputs, data);
  const dOut = uniform(rows * network.outputs, data);
  const results = [1, 2].map(() => {
    const given = passes(network, x, dOut, rows);
    const norm = Float32Array.of(network.adam({ learningRate: 1e-2, maxGradientNorm: 1 }));
    const after = new Float32Array(network.size);
    network.readParameters(after);
    return Object.entries({ ...given, norm, after }).map(([name, values]) => `${name} ${hash(values)}`);
  });
  return results;
}

describe('threads of the kernel', () => {
  it('show in no bit, however many they are', () => {
    fc.assert(
      fc.property(largeCase, fc.constantFrom(0, 0, 0, Infinity, Number.NaN), (each, spoil) => {
        const alone = trained(1, each, spoil);
        for (const threads of [2, 3, 5]) expect(trained(threads, each, spoil)).toEqual(alone);
      }),
      { numRuns: 6 },
    );
  });

  it.runIf(existsSync('/proc/self/task'))('work beside this one, and are gone afterwards', async () => {
    const threads = (): string[] => readdirSync('/proc/self/task');
    // V8 has threads of its own, which come and go.
    const cpuMs = (id: string): number => {
      try {
        return Number(readFileSync(`/proc/self/task/${id}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
      } catch {
        return 0;
      }
    };
    using network = wasmNetwork(layersOf([64, 256, 256, 8], ['tanh']));
    fill(network, 1);
    const x = uniform(512 * 64, rng(1));
    const out = new Float32Array(512 * 8);
    const others = new Set(threads());
    const crew = kernelThreads(2);
    let busy: string[] = [];
    try {
      const deadline = performance.now() + 50_000;
      // A thread that did nothing but wait would sleep after 0.1 ms.
      while (busy.length === 0 && performance.now() < deadline) {
        for (let i = 0; i < 20; i++) network.forward(x, 512, out);
        busy = threads().filter((id) => !others.has(id) && cpuMs(id) > 300);
      }
    } finally {
      crew[Symbol.dispose]();
    }
    expect(busy).toHaveLength(1);
    await expect.poll(threads, { timeout: 20_000 }).not.toContain(busy[0]);
  });

  it('say which of them failed, with what, and from then on', () => {
    const { heap } = kernel();
    using _room = { [Symbol.dispose]: () => heap.release(room, 1e6) };
    const room = heap.allocate(1e6);
    const nowhere = 0xffff_0000;
    const failures = new Set<string>();
    for (let turn = 0; turn < 200 && failures.size < 2; turn++) {
      using crew = new Crew(2);
      // Until the helper is there too, and then one takes the long task, the other the bad one.
      for (let i = 0; i < 100; i++) crew.carryOut(8, (calls) => calls.sumRows(room, room, 500, 512));
      const act = (): void =>
        crew.carryOut(2, (calls, index) => calls.sumRows(index === turn % 2 ? nowhere : room, room, 4000, 128));
      const error = thrownBy(act);
      expect(error).toBeInstanceOf(BackendError);
      expect(error.message).toContain('memory access out of bounds');
      expect(thrownBy(act)).toBe(error);
      failures.add(/^(a task of the kernel's threads|kernel thread 2 of 2) failed: /.exec(error.message)![1]!);
    }
    expect([...failures].sort()).toEqual(["a task of the kernel's threads", 'kernel thread 2 of 2']);
  });

  it('start when there is work for them, and end with what asked for them', () => {
    using network = wasmNetwork(layersOf([4, 4], ['tanh']));
    using _outer = kernelThreads(2);
    const inner = kernelThreads(3);
    const held = kernel().heap.used;
    network.forward(new Float32Array(4), 1, new Float32Array(4));
    expect(kernel().heap.used - held).toBeLessThan(2048); // no helper's list, only the row
    inner[Symbol.dispose]();
    inner[Symbol.dispose]();
  });

  it('are a whole number from 1 on', () => {
    for (const threads of [0, -1, 1.5, Number.NaN]) expect(() => kernelThreads(threads)).toThrow(ConfigError);
  });
});

function thrownBy(act: () => void): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

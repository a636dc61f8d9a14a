import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BackendError } from '../../core/errors.ts';
import { Heap } from '../../nn/kernel/heap.ts';

/** A memory of 64 KiB pages up to a limit, as WebAssembly has it: growing moves the contents and detaches the old buffer. */
function memory(limit: number): { buffer: ArrayBuffer; grow(pages: number): number } {
  return {
    buffer: new ArrayBuffer(65_536),
    grow(pages) {
      const length = this.buffer.byteLength + pages * 65_536;
      if (length > limit) throw new RangeError('Maximum memory size exceeded');
      const grown = new ArrayBuffer(length);
      new Uint8Array(grown).set(new Uint8Array(this.buffer));
      this.buffer = grown;
      return 0;
    },
  };
}

describe('the kernel heap', () => {
  it('never gives out overlapping or dirty room, and gets all of it back', () => {
    const order = fc.array(fc.record({ count: fc.integer({ min: 0, max: 20_000 }), drop: fc.nat(20) }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(order, (steps) => {
        const heap = new Heap(memory(2 ** 30));
        const held: { address: number; count: number; mark: number }[] = [];
        const release = (index: number): void => {
          const [block] = held.splice(index, 1);
          heap.release(block!.address, block!.count);
        };
        for (const [mark, { count, drop }] of steps.entries()) {
          if (held.length > 0 && drop < held.length) release(drop);
          const address = heap.allocate(count);
          expect(address % 64).toBe(0);
          expect(heap.floats.subarray(address / 4, address / 4 + count).every((value) => value === 0)).toBe(true);
          heap.floats.fill(mark + 1, address / 4, address / 4 + count);
          held.push({ address, count, mark: mark + 1 });
        }
        for (const { address, count, mark } of held)
          expect(heap.floats.subarray(address / 4, address / 4 + count).every((value) => value === mark)).toBe(true);
        while (held.length > 0) release(Math.floor(held.length / 2));
        expect(heap.used).toBe(0);
        expect(heap.allocate(1)).toBe(64 + 8192); // all of it one piece again, behind what the kernel keeps for itself
      }),
      { numRuns: 50 },
    );
  });

  it('says so when there is no more memory', () => {
    expect(() => new Heap(memory(10 * 65_536)).allocate(10_000_000)).toThrow(BackendError);
  });
});

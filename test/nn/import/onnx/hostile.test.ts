import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FaultlineError, PolicyFileError } from '../../../../core/errors.ts';
import { rng } from '../../../../core/rng.ts';
import type { ImportOptions } from '../../../../nn/import/imported-model.ts';
import { readOnnxModel } from '../../../../nn/import/onnx/model.ts';
import { onnxFile } from '../../../../nn/import/onnx/onnx-file.ts';
import { WireFile } from '../../../../nn/import/onnx/wire.ts';
import { bytes, varint, whole } from '../../../support/onnx-file.ts';
import { cpuMilliseconds } from '../../../support/cpu-time.ts';
import { hostileGraphs } from './hostile-graphs.ts';

const folder = join(import.meta.dirname, '../../../golden/import/onnx');
const sound = readdirSync(folder)
  .filter((name) => name.endsWith('.onnx'))
  .map((name) => ({ name, content: new Uint8Array(readFileSync(join(folder, name))) }));

const options: ImportOptions = { head: 'categorical' };

/** Reads a file; throws what it throws, and fails when that is no named error, or took too long or too much. */
function outcome(content: Uint8Array): string {
  const started = process.cpuUsage();
  const before = process.memoryUsage();
  let result: string;
  try {
    onnxFile.read(
      { name: 'hostile.onnx', bytes: content, companion: () => undefined, inflate: () => content },
      options,
    );
    result = 'read';
  } catch (error) {
    if (!(error instanceof FaultlineError)) throw error;
    result = error.message;
  }
  const after = process.memoryUsage();
  expect(cpuMilliseconds(started)).toBeLessThan(1000);
  expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(200e6);
  return result;
}

describe('hostile ONNX files', () => {
  it.each(Object.entries(hostileGraphs))('%s', (_, [content, expected]) => {
    expect(outcome(content)).toMatch(expected);
  });

  it('every file cut off at 24 places', () => {
    for (const { content } of sound) {
      for (let part = 0; part < 24; part++) {
        // The opset stands at the end: no shorter file is whole.
        expect(outcome(content.slice(0, Math.floor((content.length * part) / 24)))).not.toBe('read');
      }
    }
  });

  it('bytes changed at random are read as something, or refused by name', () => {
    const draw = rng(7);
    let refused = 0;
    for (let round = 0; round < 400; round++) {
      const changed = sound[draw.int(sound.length)]!.content.slice();
      for (let k = draw.int(4); k >= 0; k--) changed[draw.int(changed.length)] = draw.int(256);
      if (outcome(changed) !== 'read') refused++;
    }
    expect(refused).toBeGreaterThan(50);
  });

  it('any bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (content) => {
        expect(() => readOnnxModel(content, 'any')).toThrow(PolicyFileError);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the wire format', () => {
  it('whole numbers of every size come back; beyond ±2^53 they are rounded', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (value) => {
        const wire = new WireFile(Uint8Array.from(whole(1, value)), 'wire');
        const [field] = [...wire.fields(0, wire.bytes.length)];
        expect(Math.abs(wire.integer(field!) - Number(value))).toBeLessThanOrEqual(Math.abs(Number(value)) * 2 ** -52);
      }),
      { numRuns: 500 },
    );
  });

  it('a packed list and single values are one list', () => {
    const values = [0, -1, 300, 2 ** 40];
    const content = Uint8Array.from([
      ...bytes(4, values.flatMap(varint)),
      ...values.flatMap((value) => whole(4, value)),
    ]);
    const wire = new WireFile(content, 'wire');
    const got: number[] = [];
    for (const field of wire.fields(0, content.length)) wire.integers(field, got);
    expect(got).toEqual([...values, ...values]);
  });
});

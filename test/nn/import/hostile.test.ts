import { existsSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FaultlineError } from '../../../core/errors.ts';
import { readPickle } from '../../../core/pickle.ts';
import { openZip } from '../../../core/zip.ts';
import { composePolicy } from '../../../nn/import/compose.ts';
import type { ImportSource, ImportedModel } from '../../../nn/import/imported-model.ts';
import { importerFor } from '../../../nn/import/index.ts';
import { withNormaliser } from '../../../nn/import/normalise.ts';
import { readVecNormalize } from '../../../nn/import/vec-normalize.ts';
import { bytesSource } from './file-source.ts';
import { hostileFiles } from './hostile-files.ts';
import type { HostileFile } from './hostile-files.ts';
import { sacData, sacTensors, sb3Zip } from './sb3-file.ts';
import { torchFile } from '../../support/torch-file.ts';

const files = hostileFiles();

function read(source: ImportSource): ImportedModel {
  const [format, importer] = importerFor(source);
  return importer.read(source, format === 'sb3' ? {} : { activation: 'relu', head: 'categorical' });
}

/** From the file to the policy's own files. */
function importWhole({ name, bytes, statistics }: HostileFile): void {
  const bare = read(
    bytesSource(statistics === undefined ? name : 'policy.zip', statistics === undefined ? bytes : sb3Zip()),
  );
  const model = statistics === undefined ? bare : withNormaliser(bare, readVecNormalize(bytes, name), '');
  composePolicy(model, { name, reads: 'normalised' });
}

describe('damaged and malicious files', () => {
  it('are two hundred at least, beside sound ones that are read', () => {
    expect(files.length).toBeGreaterThanOrEqual(200);
    expect(new Set(files.map((file) => file.what)).size).toBe(files.length);
    importWhole({ what: 'sound', name: 'policy.zip', bytes: sb3Zip() });
    importWhole({ what: 'sound', name: 'policy.zip', bytes: sb3Zip(sacData, torchFile(sacTensors)) });
  });

  it.each(files)('$what', (file) => {
    const begun = process.cpuUsage();
    let error: unknown;
    try {
      importWhole(file);
    } catch (caught) {
      error = caught;
    }
    const { user, system } = process.cpuUsage(begun);
    expect(error, `${file.what} was read`).toBeInstanceOf(FaultlineError);
    expect((error as FaultlineError).message.length).toBeLessThan(2000);
    expect((user + system) / 1e6).toBeLessThan(1);
  });

  it('have not run anything', () => {
    expect(existsSync('/tmp/owned')).toBe(false);
  });
});

describe('random bytes', () => {
  const named = (act: () => unknown): void => {
    try {
      act();
    } catch (error) {
      if (!(error instanceof FaultlineError)) throw error;
    }
  };
  const rules = { globals: new Set(['numpy.dtype', 'collections.OrderedDict']), purpose: 'tests', objects: true };
  /** Opcodes that the reader knows are likelier to get far than any byte. */
  const opcode = fc.constantFrom(
    ...'N()]}lt.ueasbRqhK\u0085\u0086\u0087\u0088\u0089\u008c\u0094\u0081\u0093\u008f\u0090\u00910C1'
      .split('')
      .map((one) => one.charCodeAt(0)),
  );

  it('are a pickle, or refused by name', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(opcode, fc.nat(255)), { maxLength: 60 }), (body) => {
        named(() => readPickle(Uint8Array.from([0x80, 4, ...body, 0x2e]), rules, 'x', 0));
      }),
      { numRuns: 3000 },
    );
  });

  it('are an archive, or refused by name; so are sound ones with bytes changed', () => {
    const sound = sb3Zip();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(sound.length - 1), (bytes, at) => {
        named(() => openZip(bytes, 'x'));
        const changed = sound.slice();
        changed.set(bytes.subarray(0, Math.min(4, sound.length - at)), at);
        named(() => read(bytesSource('policy.zip', changed)));
        const tail = Uint8Array.from([...bytes, ...sound.subarray(-22)]);
        named(() => openZip(tail, 'x').names);
      }),
      { numRuns: 500 },
    );
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BackendError, PolicyFileError, ShapeError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { selectBackend } from '../../../nn/backend.ts';
import type { SelectedBackend } from '../../../nn/backend.ts';
import type { ModuleLoader } from '../../../nn/backend/tensorflow.ts';
import { generate } from '../../../nn/language/generate.ts';
import { onnxCausalModel } from '../../../nn/language/onnx-causal-model.ts';
import { expectNoLeakedTensors } from '../../support/leak.ts';
import { tiny, tinyFiles, tinyLogits } from './tiny-onnx.ts';

/** The package, where somebody has installed it, or FAULTLINE_TRANSFORMERS names its entry file; else the stand-in stands alone. */
const packageName = '@huggingface/transformers';
const entry = process.env['FAULTLINE_TRANSFORMERS'] ?? packageName;
const installed = await import(entry).then(
  () => true,
  () => false,
);

let backend: SelectedBackend;
let folder: string;
beforeAll(async () => {
  backend = await selectBackend({ force: 'wasm' });
  folder = mkdtempSync(join(tmpdir(), 'faultline-onnx-'));
  for (const [name, content] of tinyFiles()) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  backend[Symbol.dispose]();
});

interface Int64 {
  readonly data: BigInt64Array;
  readonly dims: readonly number[];
}

interface StandInOptions {
  readonly config?: object;
  readonly dims?: readonly number[];
  readonly type?: 'float32' | 'float16';
}

/** The package's surface over the tiny model's definition. */
function standIn({ config = {}, dims, type = 'float32' }: StandInOptions = {}): ModuleLoader {
  const call = ({
    input_ids: ids,
    attention_mask: mask,
  }: {
    readonly input_ids: Int64;
    readonly attention_mask: Int64;
  }): unknown => {
    const [rows, length] = ids.dims as [number, number];
    expect(mask.dims).toEqual(ids.dims);
    const data = Array.from({ length: rows }, (_, row) =>
      Array.from({ length }, (_, t) =>
        tinyLogits(Array.from(ids.data.slice(row * length, row * length + t + 1), Number)),
      ),
    ).flat(2);
    const logits = { type: 'float32', dims: dims ?? [rows, length, tiny.vocabulary], data };
    return Promise.resolve({ logits: { ...logits, type, data: type === 'float32' ? data : [], to: () => logits } });
  };
  const model = Object.assign(call, {
    config: { vocab_size: tiny.vocabulary, n_positions: 16, eos_token_id: 2, ...config },
    dispose: () => Promise.resolve(),
  });
  const open = <T>(value: T) => ({
    from_pretrained: (path: string, options: { readonly local_files_only: boolean }) =>
      path === folder && options.local_files_only
        ? Promise.resolve(value)
        : Promise.reject(new Error(`no ${path}\nat all`)),
  });
  const tokenizer = {
    encode: (text: string) => Array.from(text, (letter) => letter.charCodeAt(0) - 94),
    decode: (ids: readonly number[]) =>
      ids
        .filter((id) => id > 2)
        .map((id) => String.fromCharCode(id + 94))
        .join(''),
  };
  class Tensor implements Int64 {
    readonly data: BigInt64Array;
    readonly dims: readonly number[];
    constructor(kind: string, data: BigInt64Array, shape: readonly number[]) {
      expect(kind).toBe('int64');
      this.data = data;
      this.dims = shape;
    }
  }
  return () => Promise.resolve({ AutoModelForCausalLM: open(model), AutoTokenizer: open(tokenizer), Tensor });
}

const libraries: readonly (readonly [name: string, load: () => ModuleLoader, there: boolean])[] = [
  ['a stand-in', () => standIn(), true],
  ['a stand-in of half precision', () => standIn({ type: 'float16' }), true],
  [packageName, () => () => import(entry), installed],
];

describe.each(libraries)('a causal model in ONNX by %s', (_name, load, there) => {
  it.runIf(there)('has the logits of its definition after every prompt, and grows by tokens', async () => {
    using model = await onnxCausalModel(tf, folder, {}, load());
    expect([model.vocabulary, model.context, model.end]).toEqual([tiny.vocabulary, 16, 2]);
    const sequences = [[1, 3, 4, 8], [5], [6, 6]];
    using decoding = await model.decode(sequences);
    const check = async (): Promise<void> => {
      const got = await decoding.logits.data();
      const expected = sequences.flatMap(tinyLogits);
      expect(Math.max(...expected.map((value, i) => Math.abs(value - got[i]!)))).toBeLessThan(1e-5);
    };
    await check();
    await decoding.advance([7, 3, -1]);
    sequences[0]!.push(7);
    sequences[1]!.push(3);
    await check();
    await expect(decoding.advance([9, 3, 3])).rejects.toThrow(ShapeError);
  });

  it.runIf(there)('generates text as any causal model does, and leaves no tensor behind', async () => {
    using model = await onnxCausalModel(tf, folder, {}, load());
    const prompt = model.tokenizer.encode('fade');
    expect(prompt).toEqual([8, 3, 6, 7]);
    const greedy: number[] = [];
    for (let i = 0; i < 5; i++) {
      const logits = tinyLogits([...prompt, ...greedy]);
      greedy.push(logits.indexOf(Math.max(...logits)));
    }
    const options = { maxTokens: 5, temperature: 0, stop: [] };
    const [made] = await generate(model, [prompt], options, rng(1));
    expect(made).toEqual({ tokens: greedy, ended: 'length' });
    expect(model.tokenizer.decode([3, 4, 5, 2])).toBe('abc');
    await expectNoLeakedTensors(() => generate(model, [prompt, [1]], options, rng(1)).then(() => undefined));
  });
});

describe('a causal model in ONNX', () => {
  it('says that its package is missing, and how to get it', async () => {
    const missing = onnxCausalModel(tf, folder, {}, () =>
      Promise.reject(new Error(`Cannot find package '${packageName}'`)),
    );
    await expect(missing).rejects.toThrow(BackendError);
    await expect(missing).rejects.toThrow(`npm install ${packageName}`);
  });

  it('names a model that cannot be opened, one without a vocabulary, and logits of another shape', async () => {
    const other = onnxCausalModel(tf, '/nowhere', {}, standIn());
    await expect(other).rejects.toThrow(PolicyFileError);
    await expect(other).rejects.toThrow('/nowhere: the language model cannot be opened: no /nowhere');
    await expect(onnxCausalModel(tf, folder, { download: true }, standIn())).rejects.toThrow(PolicyFileError);
    await expect(onnxCausalModel(tf, folder, {}, standIn({ config: { vocab_size: 'many' } }))).rejects.toThrow(
      '/vocab_size',
    );
    using strange = await onnxCausalModel(tf, folder, {}, standIn({ dims: [1, 9] }));
    await expect(strange.decode([[1]])).rejects.toThrow('logits are [1×9], expected [1×1×9]');
  });
});

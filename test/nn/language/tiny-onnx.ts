import type { NodeOptions } from '../../support/onnx-file.ts';
import { bytes, node, tensor, text, value, varint, whole } from '../../support/onnx-file.ts';

/** The tiny causal model: V tokens; its logits after a token are a table's row of the last token plus one of the mean of all so far. */
export const tiny = { vocabulary: 9, table: table(1), history: table(2) };

function table(seed: number): number[] {
  return Array.from({ length: 81 }, (_, i) => Math.fround(2 * Math.sin(seed * 7 + 3.7 * i)));
}

/** What the model gives after a sequence [V], from its definition. */
export function tinyLogits(tokens: readonly number[]): number[] {
  const { vocabulary, table: now, history } = tiny;
  return Array.from({ length: vocabulary }, (_, v) => {
    const past = tokens.reduce((sum, token) => sum + history[token * vocabulary + v]!, 0);
    return now[tokens.at(-1)! * vocabulary + v]! + past / 8;
  });
}

/** The model as an ONNX graph: `Gather(table, ids) + CumSum(Gather(history, ids), 1)/8`. */
function tinyGraph(): Uint8Array {
  const { vocabulary } = tiny;
  const nodes: NodeOptions[] = [
    { operator: 'Gather', inputs: ['table', 'input_ids'], output: 'now' },
    { operator: 'Gather', inputs: ['history', 'input_ids'], output: 'each' },
    { operator: 'CumSum', inputs: ['each', 'axis'], output: 'past' },
    { operator: 'Mul', inputs: ['past', 'eighth'], output: 'scaled' },
    { operator: 'Add', inputs: ['now', 'scaled'], output: 'logits' },
  ];
  const square = [vocabulary, vocabulary];
  const tensors = [
    tensor('table', square, tiny.table),
    tensor('history', square, tiny.history),
    tensor('axis', [], [1], 'int64'),
    tensor('eighth', [], [0.125]),
  ];
  const ids = (name: string): number[] => {
    const dims = ['batch', 'length'].flatMap((dim) => bytes(1, text(2, dim)));
    return [...text(1, name), ...bytes(2, bytes(1, [...whole(1, 7), ...bytes(2, dims)]))];
  };
  const graph = [
    ...nodes.flatMap((one) => bytes(1, node(one))),
    ...text(2, 'tiny'),
    ...tensors.flatMap((one) => bytes(5, one)),
    ...bytes(11, ids('input_ids')),
    ...bytes(12, value('logits', ['batch', 'length', vocabulary])),
  ];
  const opset = bytes(8, [...text(1, ''), ...whole(2, 17)]);
  return Uint8Array.from([...whole(1, 8), ...text(2, 'test'), ...bytes(7, graph), ...opset, ...varint(0).slice(1)]);
}

/** The files of the model's folder, by name: a GPT-2 of no layers whose words are single letters. */
export function tinyFiles(): Map<string, Uint8Array | string> {
  const { vocabulary } = tiny;
  const config = {
    model_type: 'gpt2',
    vocab_size: vocabulary,
    n_positions: 16,
    n_layer: 0,
    n_head: 1,
    n_embd: 1,
    eos_token_id: 2,
  };
  const vocab = Object.fromEntries(['<pad>', '<s>', '</s>', ...'a b c d e f'.split(' ')].map((word, id) => [word, id]));
  const special = (id: number, content: string): object => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  });
  const tokenizer = {
    version: '1.0',
    added_tokens: [special(0, '<pad>'), special(1, '<s>'), special(2, '</s>')],
    normalizer: null,
    pre_tokenizer: { type: 'Split', pattern: { String: '' }, behavior: 'Isolated', invert: false },
    post_processor: null,
    decoder: { type: 'Fuse' },
    model: { type: 'WordLevel', vocab, unk_token: '<pad>' },
  };
  const tokenizerConfig = { tokenizer_class: 'PreTrainedTokenizer', eos_token: '</s>', unk_token: '<pad>' };
  return new Map<string, Uint8Array | string>([
    ['config.json', JSON.stringify(config)],
    ['tokenizer.json', JSON.stringify(tokenizer)],
    ['tokenizer_config.json', JSON.stringify(tokenizerConfig)],
    ['generation_config.json', JSON.stringify({ eos_token_id: 2 })],
    ['onnx/model.onnx', tinyGraph()],
  ]);
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { writeSafetensors } from '../../../nn/safetensors.ts';
import { crc32 } from '../../../core/crc32.ts';
import { storedZip, torchFile, torchPickle } from '../../support/torch-file.ts';
import type { TorchTensor } from '../../support/torch-file.ts';
import {
  array,
  box,
  data,
  deflatedEntry,
  discrete,
  encode,
  op,
  pickle,
  sacData,
  sacTensors,
  sb3Zip,
  serialized,
  space,
  tensors,
} from './sb3-file.ts';

/** A damaged or malicious file; `statistics` where it is a VecNormalize beside a sound policy. */
export interface HostileFile {
  readonly what: string;
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly statistics?: true;
}

const folder = join(import.meta.dirname, '..', '..', 'golden', 'import');
const golden = (name: string): Uint8Array => readFileSync(join(folder, name));
const zip = (what: string, bytes: Uint8Array): HostileFile => ({ what, name: 'policy.zip', bytes });
const pth = (what: string, bytes: Uint8Array): HostileFile => ({ what, name: 'net.pth', bytes });
const safe = (what: string, bytes: Uint8Array): HostileFile => ({ what, name: 'net.safetensors', bytes });
const pkl = (what: string, bytes: Uint8Array): HostileFile => ({ what, name: 'vec.pkl', bytes, statistics: true });
const upTo = (count: number): number[] => [...Array(count).keys()];

/** Every kind of harm, each where it hurts. */
export function hostileFiles(): HostileFile[] {
  return [
    ...cuts(),
    ...flips(),
    ...codes(),
    ...opcodes(),
    ...archives(),
    ...weights(),
    ...settings(),
    ...headers(),
    ...statistics(),
  ];
}

function cuts(): HostileFile[] {
  return (
    ['ppo-box.zip', 'sac-deflated.zip', 'torch-relu.pth', 'silu.safetensors', 'ppo-vecnormalize.pkl'] as const
  ).flatMap((name) => {
    const whole = golden(name);
    return upTo(8).map((i) => {
      const bytes = whole.slice(0, Math.floor((whole.length * i) / 8));
      return {
        what: `${name} cut to ${i}/8`,
        name,
        bytes,
        ...(name.endsWith('.pkl') ? ({ statistics: true } as const) : {}),
      };
    });
  });
}

/** In what the check sums cover. */
function flips(): HostileFile[] {
  return ['dqn.zip', 'sac-deflated.zip', 'torch-half.pth'].flatMap((name) => {
    const whole = golden(name);
    const [at, length] = contentOf(whole, name.endsWith('.zip') ? 'policy.pth' : 'archive/data.pkl');
    return upTo(10).map((i) => {
      const bytes = whole.slice();
      bytes[at + Math.floor((length * i) / 10)]! ^= 1 << (i % 8);
      return { what: `${name}, a bit of byte ${i}/10 of its weights`, name, bytes };
    });
  });
}

/** Where the first 300 bytes of an entry are, by its local header. */
function contentOf(bytes: Uint8Array, name: string): readonly [number, number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 30 < bytes.length; at++) {
    if (view.getUint32(at, true) !== 0x04034b50) continue;
    const length = view.getUint16(at + 26, true);
    if (new TextDecoder().decode(bytes.subarray(at + 30, at + 30 + length)) !== name) continue;
    return [at + 30 + length + view.getUint16(at + 28, true), 300];
  }
  throw new Error(`no entry ${name}`);
}

/** Functions that a pickle would have called. */
const callables = [
  'os system', 'posix system', 'nt system', 'subprocess Popen', 'subprocess check_output', 'builtins eval', 'builtins exec',
  'builtins __import__', 'builtins getattr', 'builtins open', 'builtins compile', '__builtin__ eval', 'sys exit', 'socket socket',
  'importlib import_module', 'pickle loads', 'runpy run_path', 'shutil rmtree', 'ctypes CDLL', 'pty spawn', 'functools partial',
  'cloudpickle.cloudpickle _make_function', 'torch load', 'numpy load', 'copyreg _reconstructor', 'collections OrderedDict.__init__',
  'stable_baselines3.common.policies ActorCriticPolicy', 'gym.spaces.box __class__', 'numpy.core.multiarray _reconstruct.__globals__',
]; // prettier-ignore

function codes(): HostileFile[] {
  return callables.flatMap((callable) => {
    const [module, name] = callable.split(' ') as [string, string];
    const call = pickle(op.call(op.global(module, name), op.tuple(op.text('touch /tmp/owned'))));
    const stacked = pickle(op.call([...op.text(module), ...op.text(name), 0x93], op.tuple(op.text('id'))));
    return [
      zip(`${callable} as the observation space`, sb3Zip({ ...data, observation_space: serialized(call) })),
      zip(`${callable} among the policy's settings`, sb3Zip({ ...data, policy_kwargs: serialized(stacked) })),
      zip(`${callable} among the weights`, sb3Zip(data, torchFile({}, call))),
      pth(`${callable} for a state dictionary`, torchFile({}, stacked)),
      pkl(`${callable} for statistics`, call),
    ];
  });
}

function opcodes(): HostileFile[] {
  const bombs: Readonly<Record<string, number[]>> = {
    'an instance by INST': [0x28, ...op.text('id'), 0x69, ...encode('os\nsystem\n')],
    'an instance by OBJ': [0x28, ...op.global('gymnasium.spaces.box', 'Box'), 0x6f],
    NEWOBJ_EX: [...op.global('gymnasium.spaces.box', 'Box'), 0x29, 0x7d, 0x92],
    'an extension code': [0x82, 1],
    'a persistent id in text': [0x50, ...encode('x\n')],
    'an integer of a gigabyte': [0x8b, 0, 0, 0, 0x40],
    'an integer of 255 bytes': [0x8a, 255, ...upTo(255)],
    'bytes without end': [0x8e, 255, 255, 255, 255, 255, 255, 255, 127],
    'a byte array of terabytes': [0x96, 0, 0, 0, 0, 0, 1, 0, 0],
    'a text of four gigabytes': [0x58, 255, 255, 255, 255],
    'tuples 60 000 deep': [0x29, ...Array<number>(60_000).fill(0x85)],
    'marks and nothing else': Array<number>(60_000).fill(0x28),
    'a hundred thousand dictionaries': Array<number>(100_000).fill(0x7d),
    'a list that holds itself': [0x5d, 0x71, 0, 0x68, 0, 0x61],
    'a billion laughs': [
      0x5d,
      0x71,
      0,
      ...upTo(20).flatMap((i) => [0x28, ...upTo(50).flatMap(() => [0x68, i]), 0x6c, 0x71, i + 1]),
    ],
    'calls of calls': [
      ...op.global('numpy', 'dtype'),
      0x71,
      0,
      ...upTo(9000).flatMap(() => [0x29, 0x52, 0x85, 0x68, 0]),
    ],
    'memos that were never set': [0x6a, 255, 255, 255, 255],
    'a value too few': [0x52],
    'attributes of a number': [0x4b, 1, 0x7d, 0x62],
    'items of a list': [0x5d, 0x4b, 1, 0x4b, 2, 0x73],
    'a key without a value': [0x7d, 0x28, 0x4b, 1, 0x75],
  };
  return Object.entries(bombs).flatMap(([what, body]) => [
    zip(`${what} as a space`, sb3Zip({ ...data, observation_space: serialized(pickle(body)) })),
    pth(`${what} for weights`, torchFile({}, pickle(body))),
  ]);
}

function archives(): HostileFile[] {
  const weights = torchFile(tensors);
  const files = (names: Readonly<Record<string, Uint8Array>>): Uint8Array => storedZip(Object.entries(names));
  const said = encode(data);
  const sound = sb3Zip();
  const changed = (change: (view: DataView, directory: number, end: number) => void): Uint8Array => {
    const bytes = sound.slice();
    const view = new DataView(bytes.buffer);
    const end = bytes.length - 22;
    change(view, view.getUint32(end + 16, true), end);
    return bytes;
  };
  const zeros = deflateRawSync(new Uint8Array(30 * 2 ** 20));
  return [
    zip('no data', files({ 'policy.pth': weights })),
    zip('no weights', files({ data: said })),
    zip('nothing at all', files({})),
    zip('a zip in a zip in a zip', sb3Zip(data, sb3Zip(data, sb3Zip()))),
    zip('itself for weights', sb3Zip(data, storedZip([['policy.pth', weights]]))),
    zip(
      'a name of two kilobytes',
      storedZip([
        ['data', said],
        ['policy.pth', weights],
        ['x'.repeat(2000), said],
      ]),
    ),
    ...['../evil', '/etc/passwd', 'a/../../b', '..\\evil', 'a\0b'].map((name) =>
      zip(
        `an entry called ${JSON.stringify(name)}`,
        storedZip([
          ['data', said],
          ['policy.pth', weights],
          [name, said],
        ]),
      ),
    ),
    zip(
      'two entries of one name',
      storedZip([
        ['data', said],
        ['policy.pth', weights],
        ['data', said],
      ]),
    ),
    zip(
      'a wrong check sum',
      changed((view, at) => view.setUint32(at + 16, 1, true)),
    ),
    zip(
      'an encrypted entry',
      changed((view, at) => view.setUint16(at + 8, 1, true)),
    ),
    zip(
      'a method that nobody knows',
      changed((view, at) => view.setUint16(at + 10, 99, true)),
    ),
    zip(
      'stored, but of two sizes',
      changed((view, at) => view.setUint32(at + 24, 5, true)),
    ),
    zip(
      'four gigabytes',
      changed((view, at) => (view.setUint32(at + 20, 0xffffffff, true), view.setUint32(at + 24, 0xffffffff, true))),
    ),
    zip(
      '65 535 entries',
      changed((view, _, end) => view.setUint16(end + 10, 65_535, true)),
    ),
    zip(
      'a directory beyond the end',
      changed((view, _, end) => view.setUint32(end + 16, 0x7fffffff, true)),
    ),
    zip(
      'a header elsewhere',
      changed((view, at) => view.setUint32(at + 42, 7, true)),
    ),
    zip(
      'a name beyond the end',
      changed((view, at) => view.setUint16(at + 28, 60_000, true)),
    ),
    zip('a bomb that says its size', deflatedEntry('data', zeros, 30 * 2 ** 20)),
    zip('a bomb that says 4 GB', deflatedEntry('data', zeros, 0xfffffff0)),
    zip('a bomb that says 100 bytes', deflatedEntry('data', zeros, 100)),
    zip('a bomb of weights', deflatedEntry('policy.pth', zeros, 30 * 2 ** 20)),
    zip(
      'deflated noise',
      deflatedEntry(
        'data',
        Uint8Array.from({ length: 500 }, (_, i) => (i * 37) % 251),
        400,
      ),
    ),
    zip('entries over one another', overlapping(300)),
    pth('weights over one another', overlapping(300)),
  ];
}

/** Names that all point at the same bytes (the bomb of D. Fifield, 2019, without its compression). */
function overlapping(count: number): Uint8Array {
  const content = new Uint8Array(20_000);
  const one = storedZip([['data', content]]);
  const local = one.subarray(0, 30 + 4 + content.length);
  const names = ['data', 'policy.pth', 'archive/data.pkl', ...upTo(count).map((i) => `archive/data/${i}`)];
  const directory = names.flatMap((name) => {
    const entry = new Uint8Array(46 + name.length);
    const view = new DataView(entry.buffer);
    view.setUint32(0, 0x02014b50, true);
    view.setUint32(16, crc32(content), true);
    view.setUint32(20, content.length, true);
    view.setUint32(24, content.length, true);
    view.setUint16(28, name.length, true);
    entry.set(encode(name), 46);
    return [...entry];
  });
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(10, names.length, true);
  end.setUint32(16, local.length, true);
  return Uint8Array.from([...local, ...directory, ...new Uint8Array(end.buffer)]);
}

function weights(): HostileFile[] {
  const ppo = (what: string, change: Readonly<Record<string, TorchTensor | null>>): HostileFile[] => {
    const merged = Object.fromEntries(
      Object.entries({ ...tensors, ...change }).filter((entry): entry is [string, TorchTensor] => entry[1] !== null),
    );
    return [zip(`PPO: ${what}`, sb3Zip(data, torchFile(merged, torchPickle(merged, false))))];
  };
  const sac = (what: string, change: Readonly<Record<string, TorchTensor | null>>): HostileFile => {
    const merged = Object.fromEntries(
      Object.entries({ ...sacTensors, ...change }).filter((entry): entry is [string, TorchTensor] => entry[1] !== null),
    );
    return zip(`SAC: ${what}`, sb3Zip(sacData, torchFile(merged, torchPickle(merged, false))));
  };
  const first = 'mlp_extractor.policy_net.0.weight';
  const values = tensors[first]!.values;
  const one = (value: number): TorchTensor => ({ shape: [4, 3], values: values.map((v, i) => (i === 5 ? value : v)) });
  const flat = (shape: readonly number[], strides?: readonly number[]): TorchTensor => ({
    shape,
    values,
    ...(strides ? { strides } : {}),
  });
  return [
    ...[Number.NaN, Infinity, -Infinity].flatMap((value) => ppo(`a weight of ${value}`, { [first]: one(value) })),
    ...ppo('a float64 beyond float32', { [first]: { ...one(1e300), storage: 'DoubleStorage' } }),
    ...ppo('a matrix of 2^40 numbers', { [first]: flat([2 ** 20, 2 ** 20]) }),
    ...ppo('2^31 rows from one row', { [first]: flat([2 ** 31 - 1, 3], [0, 1]) }),
    ...ppo('2^22 rows from one row', { [first]: flat([2 ** 22, 3], [0, 1]) }),
    ...ppo('a negative size', { [first]: flat([-4, 3]) }),
    ...ppo('a negative stride', { [first]: flat([4, 3], [-3, 1]) }),
    ...ppo('strides beyond the storage', { [first]: flat([4, 3], [300, 1]) }),
    ...ppo('an offset beyond the storage', { [first]: { ...flat([4, 3]), offset: 1000 } }),
    ...ppo('seventeen axes', { [first]: flat(Array<number>(17).fill(1)) }),
    ...ppo('whole numbers', { [first]: { ...flat([4, 3]), storage: 'LongStorage' } }),
    ...ppo('a matrix with three axes', { [first]: flat([4, 3, 1]) }),
    ...ppo('a matrix with one axis', { [first]: flat([12]) }),
    ...ppo('a matrix without rows', { [first]: { shape: [0, 3], values: [0] } }),
    ...ppo('a transposed matrix', { [first]: flat([3, 4]) }),
    ...ppo('another width', { 'action_net.weight': { shape: [2, 5], values: values.slice(0, 10) } }),
    ...ppo('another number of choices', {
      'action_net.weight': { shape: [3, 4], values },
      'action_net.bias': { shape: [3], values },
    }),
    ...ppo('a bias of another length', { 'action_net.bias': { shape: [3], values } }),
    ...ppo('no last layer', { 'action_net.weight': null, 'action_net.bias': null }),
    ...ppo('no last weight', { 'action_net.weight': null }),
    ...ppo('no hidden layer', { [first]: null }),
    ...ppo('a Gaussian on choices', {
      log_std: { shape: [2], values },
      'action_net.weight': { shape: [2, 4], values },
      [first]: flat([4, 3], [0, 0]),
      'action_net.bias': { shape: [9], values },
    }),
    ...ppo('a convolution before it', { 'features_extractor.cnn.0.weight': { shape: [1, 3, 2, 2], values } }),
    ...ppo('an extractor of dictionaries', { 'features_extractor.extractors.a.weight': { shape: [1, 3], values } }),
    ...ppo('a memory', { 'lstm_actor.weight_ih_l0': { shape: [4, 3], values } }),
    ...Object.keys(sacTensors)
      .filter((name) => name.endsWith('weight'))
      .map((name) => sac(`no ${name}`, { [name]: null })),
    sac('log σ of another width', {
      'actor.log_std.weight': { shape: [2, 4], values },
      'actor.log_std.bias': { shape: [2], values },
    }),
    sac('two actions in a space of one', {
      'actor.mu.weight': { shape: [2, 4], values },
      'actor.mu.bias': { shape: [2], values },
      'actor.log_std.weight': { shape: [2, 4], values },
      'actor.log_std.bias': { shape: [2], values },
    }),
    pth('a convolution alone', torchFile({ 'conv.weight': { shape: [1, 3, 2, 2], values } })),
    pth(
      'a normalisation between',
      torchFile({ '0.weight': { shape: [4, 3], values }, '1.weight': { shape: [4], values } }),
    ),
    pth('a recurrence', torchFile({ weight_ih_l0: { shape: [4, 3], values } })),
    pth(
      'two networks beside each other',
      torchFile({ 'a.0.weight': { shape: [4, 3], values }, 'b.0.weight': { shape: [2, 3], values } }),
    ),
    pth('a list for a dictionary', torchFile({}, pickle([0x5d]))),
    pth('a number for a tensor', torchFile({}, pickle(op.dict({ 'a.weight': op.int(1) })))),
    pth('a number for a name', torchFile({}, pickle([0x7d, ...op.int(1), ...op.int(2), 0x73]))),
    pth('a pickle of old', Uint8Array.from([0x80, 2, 0x8a, 10, 0x6c])),
    pth('a text file', encode('weights = [1, 2, 3]')),
  ];
}

function settings(): HostileFile[] {
  const said = (what: string, change: Readonly<Record<string, unknown>>): HostileFile =>
    zip(what, sb3Zip({ ...data, ...change }));
  const torchClass = (name: string): unknown =>
    serialized(pickle(op.dict({ activation_fn: op.global('torch.nn.modules.activation', name) })));
  return [
    zip('no JSON', sb3Zip('{"a":')),
    zip('bytes that are no text', sb3Zip('\ud800').slice()),
    zip('a JSON array', sb3Zip('[]')),
    zip('a JSON null', sb3Zip('null')),
    zip('arrays half a million deep', sb3Zip('['.repeat(500_000))),
    zip('arrays half a million deep, and closed', sb3Zip(`${'['.repeat(500_000)}${']'.repeat(500_000)}`)),
    zip('settings beyond the limit', sb3Zip(`[${' '.repeat(2 ** 20)}]`)),
    zip('three hundred thousand empty objects', sb3Zip(`[${'{},'.repeat(300_000)}{}]`)),
    said('no observation space', { observation_space: undefined }),
    said('a space in words', { observation_space: 'Box(4)' }),
    said('a space that is no base64', { observation_space: { ':serialized:': '§§§' } }),
    said('a space that is a number', { observation_space: { ':serialized:': 7 } }),
    said('an empty pickle', { action_space: serialized(new Uint8Array()) }),
    said('several choices at once', { action_space: serialized(space('MultiDiscrete', { nvec: array([2, 3]) })) }),
    said('a dictionary of spaces', { observation_space: serialized(space('Dict', { spaces: op.dict({}) })) }),
    said('observations that are choices', { observation_space: serialized(discrete(3)) }),
    said('no choices', { action_space: serialized(discrete(0)) }),
    said('fewer than no choices', { action_space: serialized(discrete(-3)) }),
    said('a box without bounds', { observation_space: serialized(space('Box', {})) }),
    said('a box without attributes', {
      observation_space: serialized(pickle([...op.global('gym.spaces.box', 'Box'), 0x29, 0x81])),
    }),
    said('bounds that are no numbers', { observation_space: serialized(box([Number.NaN, 0, 0], [1, 1, 1])) }),
    said('bounds of two shapes', { observation_space: serialized(box([0, 0], [1, 1, 1])) }),
    said('bounds for other features', { observation_space: serialized(box([0, 0], [1, 1])) }),
    said('an array of a terabyte', {
      observation_space: serialized(space('Box', { low: array([0], [2 ** 20, 2 ** 20]), high: array([1]) })),
    }),
    said('an array of texts', {
      observation_space: serialized(space('Box', { low: array([0], [1], 'U4'), high: array([1]) })),
    }),
    said('an array of objects', {
      observation_space: serialized(space('Box', { low: array([0], [1], 'O8'), high: array([1]) })),
    }),
    said('an array of __proto__', {
      observation_space: serialized(space('Box', { low: array([0], [1], '__proto__'), high: array([1]) })),
    }),
    said('a box for an array', { observation_space: serialized(space('Box', { low: op.dict({}), high: op.none })) }),
    said('a box of actions for choices', { action_space: serialized(box([-1, -1], [1, 1])) }),
    zip(
      'actions without an end',
      sb3Zip({ ...data, action_space: serialized(box([-Infinity], [Infinity])) }, torchFile(sacTensors)),
    ),
    zip('actions upside down', sb3Zip({ ...data, action_space: serialized(box([1], [-1])) }, torchFile(sacTensors))),
    said('an activation of none of ours', { policy_kwargs: torchClass('GELU') }),
    said('an activation that is a text', { policy_kwargs: { activation_fn: 'tanh' } }),
    said('a convolution by its settings', {
      policy_kwargs: serialized(
        pickle(op.dict({ features_extractor_class: op.global('stable_baselines3.common.torch_layers', 'NatureCNN') })),
      ),
    }),
    said('settings that are a list', { policy_kwargs: [1, 2] }),
    said('settings that are a pickled list', { policy_kwargs: serialized(pickle([0x5d])) }),
  ];
}

function headers(): HostileFile[] {
  const file = (header: unknown, body = new Uint8Array(48)): Uint8Array => {
    const json = encode(header);
    const bytes = new Uint8Array(8 + json.length + body.length);
    new DataView(bytes.buffer).setUint32(0, json.length, true);
    bytes.set(json, 8);
    bytes.set(body, 8 + json.length);
    return bytes;
  };
  const entry = (change: Readonly<Record<string, unknown>>): unknown => ({
    'a.weight': { dtype: 'F32', shape: [4, 3], data_offsets: [0, 48], ...change },
  });
  const long = new Uint8Array(64);
  new DataView(long.buffer).setBigUint64(0, 2n ** 63n, true);
  const nan = new Float32Array(12).fill(Number.NaN);
  return [
    safe('an endless header', long),
    safe('a header that is no JSON', file('{"a"')),
    safe('a header that is a list', file([])),
    safe('a header half a million deep', file('['.repeat(500_000))),
    safe('a header of two megabytes', file(`{"__metadata__": "${' '.repeat(2 ** 21)}"}`)),
    safe('another type', file(entry({ dtype: 'I64' }))),
    safe('__proto__ for a type', file(entry({ dtype: '__proto__' }))),
    safe('a type of two bytes', file(entry({ dtype: 'F16' }))),
    safe('a negative length', file(entry({ shape: [-4, 3] }))),
    safe('2^60 numbers', file(entry({ shape: [2 ** 30, 2 ** 30] }))),
    safe('offsets backwards', file(entry({ data_offsets: [48, 0] }))),
    safe('offsets beyond the end', file(entry({ data_offsets: [0, 96], shape: [8, 3] }))),
    safe('offsets after a gap', file(entry({ data_offsets: [8, 56] }))),
    safe(
      'tensors over one another',
      file({
        a: { dtype: 'F32', shape: [12], data_offsets: [0, 48] },
        b: { dtype: 'F32', shape: [12], data_offsets: [0, 48] },
      }),
    ),
    safe('NaN', file(entry({}), new Uint8Array(nan.buffer))),
    safe(
      'more choices than a card can list',
      writeSafetensors(new Map([['a.weight', { shape: [200_000, 1], data: new Float32Array(200_000) }]])),
    ),
    safe(
      'more features than a card can list',
      writeSafetensors(new Map([['a.weight', { shape: [1, 200_000], data: new Float32Array(200_000) }]])),
    ),
    safe('no tensor', writeSafetensors(new Map())),
    safe('no matrix', writeSafetensors(new Map([['bias', { shape: [2], data: Float32Array.of(1, 2) }]]))),
  ];
}

function statistics(): HostileFile[] {
  const saved = (
    change: Readonly<Record<string, number[]>>,
    moments: Readonly<Record<string, number[]>> = {},
  ): Uint8Array =>
    pickle(
      op.object(op.global('stable_baselines3.common.vec_env.vec_normalize', 'VecNormalize'), {
        obs_rms: op.object(op.global('stable_baselines3.common.running_mean_std', 'RunningMeanStd'), {
          mean: array([0, 0, 0]),
          var: array([1, 1, 1]),
          ...moments,
        }),
        clip_obs: op.int(10),
        epsilon: [0x47, 0x3e, 0x45, 0x79, 0x8e, 0xe2, 0x30, 0x8c, 0x3a],
        norm_obs: op.true,
        ...change,
      }),
    );
  return [
    pkl('statistics of two features for three', saved({}, { mean: array([0, 0]), var: array([1, 1]) })),
    pkl('a variance below 0', saved({}, { var: array([1, -1, 1]) })),
    pkl('a variance that is no number', saved({}, { var: array([1, Number.NaN, 1]) })),
    pkl('an endless mean', saved({}, { mean: array([0, Infinity, 0]) })),
    pkl('a mean without a variance', saved({}, { var: op.none })),
    pkl('more means than variances', saved({}, { mean: array([0, 0, 0, 0]) })),
    pkl('a clip of 0', saved({ clip_obs: op.int(0) })),
    pkl('no epsilon', saved({ epsilon: op.none })),
    pkl('statistics that are switched off', saved({ norm_obs: op.false })),
    pkl('statistics of a dictionary', saved({ obs_rms: op.dict({}) })),
    pkl('another object', pickle(op.object(op.global('gymnasium.spaces.box', 'Box'), {}))),
    pkl('nothing', new Uint8Array()),
    pkl(
      'a text of nine megabytes',
      Uint8Array.from([0x80, 4, 0x58, 0, 0, 0x90, 0, ...new Uint8Array(9 * 2 ** 20), 0x2e]),
    ),
  ];
}

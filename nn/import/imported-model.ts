import type { ByteRange } from '../../core/byte-range.ts';
import type { Activation, Head, Normaliser } from '../../core/policy.ts';
import type { Feature } from '../../core/space.ts';

/** The file that is imported, and what lies beside it. Importers are pure functions of these bytes. */
export interface ImportSource {
  /** What a person would call it, for messages. */
  readonly name: string;
  readonly bytes: ByteRange;
  /** Another file of the same folder (weights that a JSON names); undefined where there is none, or its name leads elsewhere. */
  readonly companion: (name: string) => Uint8Array | undefined;
  /** Raw deflate, which never makes more than `atMost` bytes. @throws whatever, when it would or the stream is damaged */
  readonly inflate: (bytes: Uint8Array, atMost: number) => Uint8Array;
}

/** What the source may apply after a layer; `sigmoid` is rewritten for ours. */
export type SourceActivation = Activation | 'sigmoid';

/** What the user says of the source, where the file does not say it. */
export interface ImportOptions {
  /** Of the hidden layers. */
  readonly activation?: SourceActivation | undefined;
  readonly head?: Head['kind'] | undefined;
  /** [A] action bounds. */
  readonly low?: readonly number[] | undefined;
  readonly high?: readonly number[] | undefined;
  /** [K] physical actions of a categorical head. */
  readonly values?: readonly number[] | undefined;
  /** The environment's action components, when they are known: bounds where none are given. */
  readonly actions?: readonly Feature[] | undefined;
  /** Of a head that needs one where the source has only a mean. */
  readonly logStd?: number | undefined;
  /** Which network of several: a prefix of tensor names, or a graph output. */
  readonly net?: string | undefined;
}

/** `y = activation(x·W + b)` as the source computes it, with what was folded into it in float64. */
export interface ImportedLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly activation: SourceActivation;
  /** The weight from an input to an output. A function: folding copies no matrix, and one that is only claimed takes no room. */
  readonly weight: (input: number, output: number) => number;
  /** [outputs] */
  readonly bias: Float32Array | Float64Array;
}

/** A plain MLP controller of any source, before it gets our features and our float32. */
export interface ImportedModel {
  /** Who wrote it: 'Stable-Baselines3 PPO, gymnasium'. */
  readonly origin: string;
  readonly layers: readonly ImportedLayer[];
  readonly head: Head;
  /** In front of the first layer, in the units that the source reads. */
  readonly normaliser?: Normaliser | undefined;
  /** [O] the source's own bounds of what it reads; infinite where it knows none. */
  readonly observation?: { readonly low: readonly number[]; readonly high: readonly number[] } | undefined;
  /** What a file of ours says of its environment; no other library's does. */
  readonly own?:
    | {
        readonly observation: readonly Feature[];
        readonly action: readonly Feature[];
        readonly normalisation: string;
      }
    | undefined;
  /** [K] what the source calls its outputs: `scale·ours + shift`. Absent: ours are its own. */
  readonly restore?: { readonly scale: readonly number[]; readonly shift: readonly number[] } | undefined;
  /**
   * The source's own outputs [≤K] for one observation [O] in the units that it reads, in float64, from the file's tensors or graph and
   * not from `layers`: what an import without expected outputs is checked against.
   */
  evaluate(observation: Float64Array): Float64Array;
  /** Sentences: what was assumed, folded or left away. */
  readonly notes: readonly string[];
}

export interface Importer {
  /** One line for lists. */
  readonly title: string;
  /** Whether the file looks like this format: cheap, and no promise that it can be read. */
  detect(source: ImportSource): boolean;
  /** @throws {FaultlineError} a named error for whatever is damaged, unknown or unsupported */
  read(source: ImportSource, options: ImportOptions): ImportedModel;
}

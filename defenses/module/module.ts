import type { Recording } from '../../core/attack.ts';
import type { Definition } from '../../core/definition.ts';
import type { KnownPlant } from '../../core/plant.ts';
import type { Head, LayerSpec, Normaliser } from '../../core/policy.ts';
import type { Rng } from '../../core/rng.ts';
import type { Feature } from '../../core/space.ts';
import type { GradientAccess } from '../../core/victim.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';

/** A controller that is one dense network, as numbers: what can be fine-tuned, cut before its head, certified. */
export interface NetworkParts {
  readonly layers: readonly LayerSpec[];
  readonly normaliser?: Normaliser | undefined;
  /** In the order of `Network.readParameters`. */
  readonly parameters: Float32Array;
}

/** A controller that a module works with. */
export interface Controller {
  readonly name: string;
  readonly access: GradientAccess;
  /** Absent: it is no single network any more, since something was put around it. */
  readonly parts?: NetworkParts | undefined;
}

/** What a module finds before a run: the victim as the modules before it left it, and the plant to learn on. */
export interface ModuleGround {
  readonly victim: Controller;
  readonly features: readonly Feature[];
  readonly rng: Rng;
  /** The victim's clean steps on all of the scenario's buildings, at most so many a lane. @param exploration as in `Rehearsal.record` */
  readonly record: (steps: number, exploration?: number) => Recording;
  /** The plant of each of the scenario's buildings over the recorded steps, in their order. @throws {ConfigError} where one cannot be known */
  readonly plants: () => readonly KnownPlant[];
  /** A controller that the module named in `policies`: of the same observations and the same alternatives. */
  readonly other: (name: string) => Controller;
  /** Moves rows [rows×O] in place as projected gradient descent against `victim` does, the calendar left alone. */
  attack(
    victim: GradientAccess,
    threat: { readonly epsilon: number; readonly steps: number },
  ): (x: Float32Array, rows: number) => void;
  /** TensorFlow.js on a backend whose results can be read at once; one for all modules of a run. */
  readonly tensors: () => Promise<Tensorflow>;
  /** Says how far the preparation is, 0…1. @throws {CancelledError} when it is to stop */
  readonly tell: (done: number) => Promise<void>;
}

/** What takes the victim's place: it is what runs, and what is attacked. */
export interface Prepared {
  readonly access: GradientAccess;
  /** Where it is one network again. */
  readonly parts?: NetworkParts | undefined;
  /** What was learned, for the result. */
  readonly figures: Readonly<Record<string, number>>;
  readonly dispose?: () => void;
}

/** Something put around a victim's logits, or done to its weights, before it is evaluated. */
export interface VictimModule {
  /** How much it does; at 0 the victim stays as it is, bit for bit, and nothing is prepared. */
  readonly strength: number;
  /** Other controllers that it needs, by the option that names them. */
  readonly policies?: Readonly<Record<string, string>>;
  /** Learns what it learns; the same seed, the same bits. @throws {ConfigError} for a victim that it has no meaning for */
  prepare(ground: ModuleGround): Promise<Prepared>;
}

/** A registry entry of modules. */
export interface ModuleDefinition extends Definition<VictimModule> {
  /** The heads that it has a meaning for. */
  readonly heads: readonly Head['kind'][];
}

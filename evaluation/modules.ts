import { modules } from '../defenses/module/index.ts';
import type { ModuleName } from '../defenses/module/index.ts';
import type { Controller, ModuleGround, Prepared, VictimModule } from '../defenses/module/module.ts';
import { ConfigError } from '../core/errors.ts';
import { rng } from '../core/rng.ts';
import type { Rng } from '../core/rng.ts';
import type { ModuleReport } from '../core/run.ts';
import { labelOf } from '../core/scenario.ts';
import type { ModuleSpec, Scenario } from '../core/scenario.ts';
import type { Feature } from '../core/space.ts';
import type { GradientAccess } from '../core/victim.ts';
import type { KnownPlant } from '../core/plant.ts';
import { chunkAttack } from './attack-batch.ts';
import { hashOf } from './canonical.ts';
import { changeOf } from './module-change.ts';
import { placedIn } from './placed.ts';
import { recordings } from './rehearsal.ts';
import type { Stage } from './rehearsal.ts';
import type { Tell } from './reported.ts';
import { sharedTensors } from './shared-tensors.ts';
import type { SharedTensors } from './shared-tensors.ts';
import { certificateOf, kindOf } from './workspace.ts';
import type { VictimSource } from './workspace.ts';
import { sitesOf } from './sites.ts';
import type { WorldEnv } from './world.ts';

/** What is prepared before the first step, by its label, and how far. */
export interface Preparing {
  readonly attack: string;
  readonly done: number;
}

/** Where modules learn: the run's world, unattacked. */
export interface ModuleStage extends Omit<Stage, 'source' | 'open'> {
  open(): WorldEnv;
  readonly scenario: Scenario;
  readonly features: readonly Feature[];
  readonly rng: Rng;
  /** A controller by name; whoever opens it frees it. */
  readonly victim: (name: string) => Promise<VictimSource>;
  readonly tell: Tell<Preparing>;
}

/** Where the scenario's modules learn, in a world that is open. */
export function moduleStage(
  scenario: Scenario,
  practice: () => WorldEnv,
  features: readonly Feature[],
  victim: ModuleStage['victim'],
  tell: ModuleStage['tell'] = () => Promise.resolve(),
): ModuleStage {
  const root = rng(scenario.seed);
  return {
    scenario,
    features,
    victim,
    tell,
    buildings: sitesOf(scenario),
    open: practice,
    controller: root.split('controller'),
    environment: root.split('environment'),
    rng: root.split('modules'),
  };
}

/** A victim with its modules around it: what runs, and what is attacked. */
export interface ModularVictim {
  readonly source: VictimSource;
  readonly reports: readonly ModuleReport[];
}

/** Steps of a recording, each building, on which a module is compared with what it changed. */
const comparedSteps = 672;

/**
 * Puts the scenario's modules around a victim, one after the other; each learns on what the ones before it made. The same scenario and seed, the
 * same victim, whatever part of the panel is run.
 * @param held gets what has to be freed, also where a preparation fails
 * @throws {ConfigError} with the module's pointer, for a victim that it has no meaning for
 */
export async function withModules(
  bare: VictimSource,
  stage: ModuleStage,
  held: (() => void)[],
): Promise<ModularVictim> {
  const specs = stage.scenario.modules ?? [];
  let source = bare;
  const reports: ModuleReport[] = [];
  const tensors = tensorsFor(held);
  for (const [i, spec] of specs.entries()) {
    const definition = modules[spec.name as ModuleName];
    const { title, heads } = definition;
    const module = definition.make(spec.config);
    const report = { label: labelOf(spec), name: spec.name, title, strength: module.strength };
    const network = suited(source, spec, heads, i);
    if (module.strength === 0) {
      reports.push({ ...report, applied: false, figures: {} });
      continue;
    }
    const before = source;
    const record = recordings({ ...stage, source: before });
    const others = await openOthers(module, stage, network, i);
    const victim = { name: before.name, access: network, parts: before.parts?.() };
    const ground: ModuleGround = {
      victim,
      features: stage.features,
      rng: stage.rng.split(report.label),
      record,
      plants: () => plantsOf(stage),
      other: (name) => others.get(name)!,
      attack: (own, threat) => pgdOn(stage, own, threat),
      tensors,
      tell: (done) => stage.tell({ attack: report.label, done }),
    };
    await ground.tell(0);
    const prepared = await placedIn(`/modules/${i}`, () => module.prepare(ground));
    if (prepared.dispose !== undefined) held.push(prepared.dispose);
    const figures = { ...changeOf(record(comparedSteps), network, prepared.access), ...prepared.figures };
    reports.push({ ...report, applied: true, figures });
    source = around(before, prepared, spec, others, i);
  }
  return { source, reports };
}

/** The victim's network, if the module has a meaning for it. */
function suited(source: VictimSource, spec: ModuleSpec, heads: readonly string[], i: number): GradientAccess {
  const { network } = source;
  const place = { path: `/modules/${i}/name` };
  if (network === null)
    throw new ConfigError(`module '${spec.name}' needs a network, but '${source.name}' is ${kindOf(source)}`, {
      place,
    });
  if (!heads.includes(network.head.kind))
    throw new ConfigError(
      `module '${spec.name}' acts on the logits of alternatives (a ${heads.join(' or ')} head), and '${source.name}' has a ${network.head.kind} head`,
      { place },
    );
  return network;
}

/** The victim with a module around it. */
function around(
  source: VictimSource,
  { access, parts }: Prepared,
  spec: ModuleSpec,
  others: ReadonlyMap<string, Controller & { readonly hash: string }>,
  i: number,
): VictimSource {
  const { tensors: _tensors, parts: _parts, ...rest } = source;
  const certificate: VictimSource['certificate'] = (method) => {
    if (parts !== undefined) return certificateOf(parts, access.head, method);
    throw new ConfigError(
      `module '${spec.name}' makes the victim more than one network, and only one network can be certified`,
      { place: { path: `/modules/${i}/name` } },
    );
  };
  return {
    ...rest,
    hash: hashOf({
      victim: source.hash,
      module: spec.name,
      config: spec.config,
      others: [...others.values()].map(({ hash }) => hash),
    }),
    network: access,
    ...(parts === undefined ? {} : { parts: () => parts }),
    certificate,
    open(observation, action, rng) {
      source.open(observation, action, rng); // says what is wrong with the features
      return access;
    },
  };
}

/** The controllers that a module names, of the victim's observations and alternatives. */
async function openOthers(
  { policies = {} }: VictimModule,
  stage: ModuleStage,
  victim: GradientAccess,
  i: number,
): Promise<ReadonlyMap<string, Controller & { readonly hash: string }>> {
  const others = new Map<string, Controller & { readonly hash: string }>();
  for (const [option, name] of Object.entries(policies)) {
    const path = `/modules/${i}/config/${option}`;
    const { network, features, parts, hash } = await placedIn(path, () => stage.victim(name), true);
    if (network === null) throw new ConfigError(`'${name}' is no network`, { place: { path } });
    const own = stage.features.map((feature) => feature.name).join();
    if (features.map((feature) => feature.name).join() !== own)
      throw new ConfigError(`'${name}' observes other features than the victim`, { place: { path } });
    if (JSON.stringify(network.head) !== JSON.stringify(victim.head))
      throw new ConfigError(
        `'${name}' has a ${network.head.kind} head with other alternatives than the victim's ${victim.logitsSize}`,
        { place: { path } },
      );
    others.set(name, { name, access: network, parts: parts?.(), hash });
  }
  return others;
}

function plantsOf(stage: ModuleStage): readonly KnownPlant[] {
  const env = stage.open(); // its buildings live on in the plants
  return Array.from({ length: env.numEnvs }, (_, lane) => env.knownPlant(lane));
}

/** PGD on rows in place, as the engine confines it. */
function pgdOn(
  { features, scenario: { seed } }: ModuleStage,
  victim: GradientAccess,
  { epsilon, steps }: { readonly epsilon: number; readonly steps: number },
): (x: Float32Array, rows: number) => void {
  const spec = { name: 'pgd', threat: { epsilon, mask: ['time'] }, config: { steps } };
  const attack = chunkAttack(features, victim, spec, seed);
  return (x, rows) => x.set(attack(x, { first: 0, count: rows, stride: 1 }).adversarial);
}

/** One backend for all modules, opened when the first one asks, closed with the run. Its results can be read at once. */
function tensorsFor(held: (() => void)[]): ModuleGround['tensors'] {
  let opened: Promise<SharedTensors> | undefined;
  return async () => {
    opened ??= sharedTensors().then((shared) => {
      held.push(() => shared[Symbol.dispose]());
      return shared;
    });
    return (await opened).tf;
  };
}

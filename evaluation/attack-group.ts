import { actionEngine } from '../attacks/action/engine.ts';
import type { ActionEngine } from '../attacks/action/engine.ts';
import { actionAttacks } from '../attacks/action/index.ts';
import type { ActionAttackName } from '../attacks/action/index.ts';
import { attackEngine } from '../attacks/engine.ts';
import type { AttackEngine } from '../attacks/engine.ts';
import { attacks } from '../attacks/index.ts';
import type { AttackName } from '../attacks/index.ts';
import { threatModel } from '../attacks/threat.ts';
import type { ObservationAttack } from '../core/attack.ts';
import { ConfigError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import { labelOf } from '../core/scenario.ts';
import type { Scenario } from '../core/scenario.ts';
import type { GradientAccess } from '../core/victim.ts';
import { opaqueVictim } from './black-box.ts';
import { compromisedBuildings, runsOf } from './compromised.ts';
import { spacesOf } from './decider.ts';
import { laneMeter } from './lane-meter.ts';
import type { LaneMeter } from './lane-meter.ts';
import type { Part } from './part.ts';
import { sitesOf } from './sites.ts';
import { excessOf } from './stealth/detection.ts';
import type { LaneDuty } from './stealth/detection.ts';
import { kindOf } from './workspace.ts';
import type { VictimSource } from './workspace.ts';
import type { WorldEnv } from './world.ts';

/** One attack over buildings that share its threat set: its rows are contiguous, so they share one batch. */
export interface Group {
  readonly label: string;
  /** Absent: an attack on actions. */
  readonly attack?: ObservationAttack;
  readonly victim?: GradientAccess;
  readonly engine: Pick<AttackEngine, 'perturb' | 'acted' | 'verdict' | 'meter'>;
  /** Present: an attack on actions. */
  readonly tamper?: ActionEngine;
  /** [O] how far each feature may move, normalised. Absent: an attack on actions. */
  readonly epsilon?: Float32Array;
  /** Whether the verdict knows decisions. */
  readonly judged: boolean;
  /** First lane of the group, and how many lanes it has. */
  readonly first: number;
  readonly size: number;
  /** [size×O] views on what is true and on what the controller sees, made once. */
  readonly clean: Float32Array;
  readonly seen: Float32Array;
  /** [size×A] a view on what the controllers do. */
  readonly action: Float64Array;
  readonly rngs: readonly Rng[];
  readonly meters: readonly LaneMeter[];
  seconds: number;
}

/** What the groups of a loop are made over. N lanes: the clean twins of the part's buildings, then those of each of its attacks. */
export interface GroupSetup {
  readonly scenario: Scenario;
  readonly part: Part;
  readonly source: VictimSource;
  readonly env: WorldEnv;
  /** The run's stream; each attack and building has its own of it, by name. */
  readonly root: Rng;
  /** [N×O], [N×O] and [N×A] */
  readonly clean: Float32Array;
  readonly seen: Float32Array;
  readonly action: Float64Array;
  /** By lane, filled before the first step: an attack asks no sooner. */
  readonly duties: readonly LaneDuty[];
}

/**
 * The attacks of a part of a panel, each over its buildings in as few batches as they allow.
 * @throws {ConfigError} for an attack that needs more of its victim, or of the scenario, than there is.
 */
export function openGroups(setup: GroupSetup): readonly Group[] {
  const { scenario, part, source, env, root, clean, seen, action, duties } = setup;
  const sites = sitesOf(scenario);
  const buildings = part.buildings.map((b) => sites[b]!);
  const count = buildings.length;
  const size = env.observationSize;
  const actions = env.actionSize;
  const watched = (scenario.detectors ?? []).length > 0;
  return part.attacks.flatMap((a, place) => {
    const spec = scenario.attacks[a]!;
    const label = labelOf(spec);
    const first = (1 + place) * count;
    const drawn = root.split('attack').split(label).split('compromised');
    const taken = compromisedBuildings(spec, sites, drawn, `/attacks/${a}`);
    const runs = runsOf(buildings, taken);
    const onActions = !isObservationAttack(spec.name);
    if (!onActions && spec.threat['units'] !== 'physical' && spec.threat['constraints'] === undefined)
      return runs.map(([at, many]) => openGroup(first + at, buildings.slice(at, at + many)));
    // A physical epsilon is another normalised one in each building, and so is an action's range; constraints know the building.
    const open = onActions ? openTampering : openGroup;
    return buildings.flatMap((building, b) => (taken.has(building) ? [open(first + b, [building])] : []));

    function openTampering(first: number, members: readonly string[]): Group {
      const tamper = actionEngine({
        attack: actionAttacks[spec.name as ActionAttackName].make(spec.config),
        features: env.laneActions(first),
        discrete: source.network?.head.kind === 'categorical',
      });
      return {
        ...groupOf(first, members, true),
        tamper,
        engine: {
          perturb: (x, _rows, _step, _rngs, out) => out.set(x),
          acted() {},
          meter: { queries: 0, gradients: 0, rejected: 0 },
          get verdict() {
            return tamper.verdict;
          },
        },
      };
    }

    function openGroup(first: number, members: readonly string[]): Group {
      const attack = attacks[spec.name as AttackName].make(spec.config);
      const asks = attack.access === 'decision' && source.together !== undefined;
      if (source.network === null && attack.access !== 'none' && !asks) {
        throw new ConfigError(
          `attack '${spec.name}' needs ${attack.access} access, but '${source.name}' is ${kindOf(source)} and not a network`,
          { place: { path: `/attacks/${a}/name` } },
        );
      }
      if (attack.evades === true && !watched)
        throw new ConfigError(`attack '${spec.name}' evades detectors, and the scenario has none`, {
          place: { path: `/attacks/${a}/name` },
        });
      const features = env.laneFeatures(first);
      const plant = env.plantModel(first);
      const spaces = members.map((_, b) => spacesOf(env, first + b));
      const threat = threatModel(spec.threat, features);
      const victim =
        source.network ?? opaqueVictim(source.name, spaces[0]!, asks ? source.together?.(spaces) : undefined);
      return {
        ...groupOf(first, members, source.network !== null || asks),
        attack,
        victim,
        epsilon: threat.epsilon,
        engine: attackEngine({
          attack,
          threat,
          victim,
          features,
          plant,
          alarm: watched ? excessOf((row) => duties[first + row]!, size) : undefined,
        }),
      };
    }

    function groupOf(first: number, members: readonly string[], judged: boolean): Omit<Group, 'engine'> {
      const discrete = source.network?.head.kind === 'categorical';
      return {
        label,
        first,
        size: members.length,
        judged,
        clean: clean.subarray(first * size, (first + members.length) * size),
        seen: seen.subarray(first * size, (first + members.length) * size),
        action: action.subarray(first * actions, (first + members.length) * actions),
        rngs: members.map((name) => root.split('attack').split(label).split(name)),
        meters: members.map((_, b) => laneMeter(env.laneFeatures(first + b), discrete, judged)),
        seconds: 0,
      };
    }
  });
}

/** Whether a name of the panel is an attack on observations; the others are on actions. */
export function isObservationAttack(name: string): name is AttackName {
  return Object.hasOwn(attacks, name);
}

import type { Rehearsal } from '../core/attack.ts';
import type { GridResult, LaneResult, ModuleReport } from '../core/run.ts';
import type { Scenario } from '../core/scenario.ts';
import { labelOf } from '../core/scenario.ts';
import { isObservationAttack, openGroups } from './attack-group.ts';
import type { Group } from './attack-group.ts';
import type { ThreatReport } from './checks.ts';
import { decider, spacesOf } from './decider.ts';
import type { StepBatch } from '../core/environment.ts';
import { attacks } from '../attacks/index.ts';
import type { Clock } from './control.ts';
import { moduleStage, withModules } from './modules.ts';
import type { Preparing } from './modules.ts';
import type { Tell } from './reported.ts';
import { hashOf } from './canonical.ts';
import { channelTable } from './channels.ts';
import { openGrid } from './grid-stage.ts';
import { calibrated, cleanStepsOf, laneDuty } from './stealth/detection.ts';
import type { CalibratedDetector, LaneDuty } from './stealth/detection.ts';
import { wholePanel } from './part.ts';
import type { Part } from './part.ts';
import type { Recorder } from './recorder.ts';
import { regret } from './regret.ts';
import { recordings } from './rehearsal.ts';
import { rng } from '../core/rng.ts';
import { assertSuits, openWorld } from './open-world.ts';
import { sitesOf } from './sites.ts';
import { otherController } from './other-controller.ts';
import type { VictimSource, Workspace } from './workspace.ts';
import type { VictimOptions } from './black-box.ts';

/** The closed loop of one run, one `advance` a step. Buffers are made once. */
export interface Loop extends Disposable {
  readonly recorder: Recorder;
  readonly totalSteps: number;
  readonly step: number;
  readonly dataHash: string;
  /** Of the victim that runs, with its modules around it. */
  readonly modelHash: string;
  readonly modules: readonly ModuleReport[];
  /** What the attacks do before the first step; to be run to its end. */
  prepare(): Generator<Preparing, void, void>;
  /** Runs one step of every lane; true when the recorder's frame is full. */
  advance(clock: Clock): boolean;
  results(): readonly LaneResult[];
  /** What the network came to; undefined where the scenario has none. */
  grid(): GridResult | undefined;
  engineReports(): readonly ThreatReport[];
}

/**
 * observation → attack (confined, metered) → policy → action → physics, for N lanes in lockstep. Lanes 0 … B−1 are the clean
 * twins of the part's B buildings; lanes (1+a)·B … are those of its attack a.
 * @param tell hears how far the victim's modules are; what it throws ends the opening
 */
export async function openLoop(
  scenario: Scenario,
  workspace: Workspace,
  part: Part = wholePanel(scenario),
  tell: Tell<Preparing> = () => Promise.resolve(),
): Promise<Loop> {
  const held: (() => void)[] = [];
  try {
    return await openHeld(scenario, workspace, part, tell, held);
  } catch (error) {
    release(held);
    throw error;
  }
}

/** Frees what a loop holds, last come first. */
function release(held: (() => void)[]): void {
  for (let free = held.pop(); free !== undefined; free = held.pop()) free();
}

/** @param held gets what has to be freed, also where opening fails */
async function openHeld(
  scenario: Scenario,
  workspace: Workspace,
  part: Part,
  tell: Tell<Preparing>,
  held: (() => void)[],
): Promise<Loop> {
  const victimOf = async (name: string, options?: VictimOptions): Promise<VictimSource> => {
    const source = await workspace.victim(name, options);
    held.push(() => source.close?.());
    return source;
  };
  const sites = sitesOf(scenario);
  const buildings = part.buildings.map((b) => sites[b]!);
  const labels = part.attacks.map((a) => labelOf(scenario.attacks[a]!));
  const bare = await victimOf(scenario.victim.policy, optionsOf(scenario));
  assertSuits(bare, scenario);
  const world = await openWorld(scenario, workspace, 1 + labels.length, part.buildings);
  const { env, gauges } = world;
  const { kpis } = gauges;
  held.push(() => env[Symbol.dispose]());
  const lanes = env.numEnvs;
  const count = buildings.length;
  const size = env.observationSize;
  const root = rng(scenario.seed);
  const { features } = env.observationSpace;
  const place = moduleStage(scenario, () => world.practice(), features, victimOf, tell);
  const { source, reports } = await withModules(bare, place, held);
  const decide = decider(source, env, buildings, root.split('controller'));

  const recording = recordings({
    source,
    buildings: sites,
    open: () => world.rehearsal(),
    controller: root.split('controller'),
    environment: root.split('environment'),
  });

  const others = new Map<string, VictimSource>();
  for (const a of part.attacks) {
    const { name, config } = scenario.attacks[a]!;
    if (!isObservationAttack(name)) continue;
    for (const other of attacks[name].make(config).policies ?? [])
      if (!others.has(other)) others.set(other, await victimOf(other));
  }

  const clean = new Float32Array(lanes * size);
  const seen = new Float32Array(lanes * size);
  const actions = env.actionSize;
  const action = new Float64Array(lanes * actions);
  const posts = scenario.detectors ?? [];
  // Filled before the first step; an attack asks no sooner.
  const duties: LaneDuty[] = [];

  const groups = openGroups({ scenario, part, source, env, root, clean, seen, action, duties });

  const grid = await openGrid(scenario, workspace, part, labels, env.secondsPerTimeStep / 3600);
  const { recorder, channels } = channelTable(scenario, env, gauges, buildings, labels, groups, grid);
  const totalSteps = env.episodeSteps;
  const returns = new Float64Array(lanes);
  const laneAction = Array.from({ length: lanes }, (_, lane) => action.subarray(lane * actions, (lane + 1) * actions));
  gauges.tap((lane, reward) => {
    returns[lane]! += reward;
    channels[lane]!.physics(recorder, laneAction[lane]!, reward);
  });
  if (grid !== undefined) world.hours?.((lane, hours, at) => grid.note(lane, hours, at));
  let batch: StepBatch = env.reset(root.split('environment'));
  let step = 0;

  /** Lanes of an attack whose buildings it does not have. */
  const spared = Array.from({ length: lanes - count }, (_, k) => count + k).filter(
    (lane) => !groups.some(({ first, size: many }) => lane >= first && lane < first + many),
  );

  function recordSeen(): void {
    for (const lane of spared) channels[lane]!.seen(recorder, clean, seen, lane * size, undefined, 0);
    for (const group of groups) {
      const verdict = group.engine.verdict;
      for (let b = 0; b < group.size; b++) {
        const lane = group.first + b;
        group.meters[b]!.add(clean, seen, lane * size, verdict, b);
        channels[lane]!.seen(recorder, clean, seen, lane * size, verdict, b);
      }
    }
  }

  return {
    recorder,
    totalSteps,
    dataHash: grid === undefined ? world.hash : hashOf({ district: world.hash, grid: grid.hash }),
    modelHash: source.hash,
    modules: reports,
    get step() {
      return step;
    },
    *prepare() {
      const perDay = Math.round(86_400 / env.secondsPerTimeStep);
      if (posts.length > 0) {
        yield { attack: labelOf(posts[0]!), done: 0 };
        const recorded = recording(totalSteps);
        const posted: CalibratedDetector[][] = [];
        for (let b = 0; b < count; b++) {
          const own = cleanStepsOf(recorded, part.buildings[b]!, env.laneFeatures(b), perDay);
          posted.push([]);
          for (const spec of posts) {
            posted[b]!.push(calibrated(spec, own));
            yield { attack: labelOf(spec), done: (posted[b]!.length / posts.length + b) / count };
          }
        }
        for (let lane = 0; lane < lanes; lane++) {
          const own = posted[lane % count]!;
          duties.push(laneDuty(own, size, perDay, totalSteps));
          channels[lane]!.thresholds(
            recorder,
            own.map(({ threshold }) => threshold),
          );
        }
      }
      for (const { label, attack, victim, first, size: rows } of groups) {
        if (attack?.prepare === undefined || victim === undefined) continue;
        const own = root.split('attack').split(label);
        const spaces = Array.from({ length: rows }, (_, b) => spacesOf(env, first + b));
        const rehearsal: Rehearsal = {
          features: env.laneFeatures(first),
          victim,
          rng: own.split('rehearsal'),
          stepsPerDay: perDay,
          record: recording,
          plants: () => Array.from({ length: rows }, (_, b) => env.knownPlant(first + b)),
          policy: (name) => otherController(others.get(name)!, spaces, own.split(name)),
          recordedPolicy(name) {
            using all = world.rehearsal();
            const recorded = Array.from({ length: all.numEnvs }, (_, lane) => spacesOf(all, lane));
            return otherController(others.get(name)!, recorded, own.split(name));
          },
        };
        yield { attack: label, done: 0 };
        for (const done of attack.prepare(rehearsal)) yield { attack: label, done };
      }
    },
    advance(clock) {
      clean.set(batch.observation);
      seen.set(clean);
      for (const group of groups) {
        const started = clock.now();
        group.engine.perturb(group.clean, group.size, step, group.rngs, group.seen);
        group.seconds += clock.now() - started;
      }
      decide(seen, action);
      for (const group of groups) {
        group.tamper?.tamper(group.action, group.size, step, group.rngs);
        group.engine.acted(group.action);
      }
      recordSeen();
      for (let lane = 0; lane < duties.length; lane++) {
        duties[lane]!.see(seen, lane * size, action, lane * actions);
        channels[lane]!.detection(recorder, duties[lane]!.scores);
      }
      batch = env.step(action);
      step++;
      for (let lane = 0; lane < lanes; lane++)
        channels[lane]!.kpis(recorder, kpis[lane]!, lane < count ? undefined : kpis[lane % count]!);
      grid?.solve(recorder);
      return recorder.endRow();
    },
    results() {
      return Array.from({ length: lanes }, (_, lane): LaneResult => {
        const b = lane % count;
        const group = groups.find(({ first, size }) => lane >= first && lane < first + size);
        const own = kpis[lane]!.values();
        const label = lane < count ? 'clean' : labels[Math.floor(lane / count) - 1]!;
        const base = {
          lane: `${buildings[b]!}/${label}`,
          building: buildings[b]!,
          attack: label,
          steps: step,
          return: returns[lane]!,
          kpis: own,
          ...(duties.length === 0 ? {} : { detection: duties[lane]!.report() }),
        };
        if (lane < count) return base;
        const spec = scenario.attacks[part.attacks[Math.floor(lane / count) - 1]!]!;
        const { compromised: which = 'all' } = spec;
        const compromised = which === 'all' ? {} : { compromised: group !== undefined };
        if (group === undefined) return { ...base, ...compromised, regret: regret(own, kpis[b]!.values()) };
        const meter = group.meters[lane - group.first]!;
        return {
          ...base,
          ...compromised,
          regret: regret(own, kpis[b]!.values()),
          ...meter.report(),
          ...notesOf(group),
          cost: { queries: meter.queries, gradients: meter.gradients, seconds: group.seconds / group.size },
        };
      });
    },
    grid: () => grid?.result(),
    engineReports: () =>
      labels.map((attack) => {
        const own = groups.filter((group) => group.label === attack);
        return {
          attack,
          rejected: own.reduce((sum, group) => sum + group.engine.meter.rejected, 0),
          rows: step * own.reduce((sum, group) => sum + group.size, 0),
        };
      }),
    [Symbol.dispose]() {
      for (const { attack } of groups) attack?.dispose?.();
      release(held);
    },
  };
}

/** What an attack says of itself once it has learned what it learns: absent where there is nothing to say. */
function notesOf({ attack, victim }: Group): Pick<LaneResult, 'notes'> {
  const notes = victim === undefined ? [] : (attack?.notes?.(victim.head) ?? []);
  return notes.length === 0 ? {} : { notes };
}

/** What the scenario says of its victim beside its name. */
function optionsOf({ victim }: Scenario): VictimOptions {
  const { policy: _, ...options } = victim;
  return options;
}

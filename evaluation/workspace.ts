import { ConfigError, UnknownNameError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import type { Box, Feature } from '../core/space.ts';
import type { ActionCertificate } from '../core/certificate.ts';
import type { Head, LayerSpec } from '../core/policy.ts';
import type { AsyncGradientAccess, DecisionAccess, GradientAccess } from '../core/victim.ts';
import { controllers } from '../agents/index.ts';
import type { ControllerName } from '../agents/index.ts';
import { actionCertificate } from '../defenses/certificate/index.ts';
import type { NetworkParts } from '../defenses/module/module.ts';
import type { SelectedBackend } from '../nn/backend.ts';
import { loadPolicy } from '../nn/policy.ts';
import { tensorVictim } from '../nn/tensor-victim.ts';
import { policyVictim } from '../nn/victim.ts';
import { builtinDistrict } from '../sim/data/builtin/index.ts';
import { readCityLearnFolder } from '../sim/data/citylearn-folder.ts';
import type { District, FolderReader } from '../sim/data/dataset.ts';
import { gridOf, isGridFile } from '../sim/grid/case-text.ts';
import type { GridCase } from '../sim/grid/grid-case.ts';
import { sha256Hex } from '../core/sha256.ts';
import { blackBoxSource } from './black-box.ts';
import type { BlackBox, LaneSpaces, VictimOptions } from './black-box.ts';
import { hashOf } from './canonical.ts';

/** A controller brought in by name: a network that can be attacked white box, or a rule or a black box that can only be asked. */
export interface VictimSource {
  readonly name: string;
  /** SHA-256 of the model's bytes, or of the rule's name. */
  readonly hash: string;
  /** White-box access, or null for what is no network of ours. */
  readonly network: GradientAccess | null;
  /** The same network on a tensor backend, for large batches; absent where there is none. */
  readonly tensors?: {
    readonly layers: readonly LayerSpec[];
    open(backend: SelectedBackend): AsyncGradientAccess & Disposable;
  };
  /** The network as numbers, for what fine-tunes or cuts it; absent where there is no single one. */
  readonly parts?: () => NetworkParts;
  /** Sound bounds on the network's actions over boxes of observations; absent where there is no network. @throws {ConfigError} for layers that have none */
  readonly certificate?: (method: 'interval' | 'crown') => ActionCertificate;
  /** What a trained policy observes, in order; empty for what is not ours. */
  readonly features: readonly Feature[];
  /** The normalisation the policy was trained on; null for what is not. */
  readonly normalisation: string | null;
  /** Of a black box: one controller for all lanes, asked about them in one question. Row r is of lane r mod their number. */
  readonly together?: ((lanes: readonly LaneSpaces[]) => DecisionAccess) | undefined;
  /** Lets go of what lies outside this process, and of memory that no garbage collector frees. */
  close?(): void;
  /** A controller for these spaces; throws a ConfigError when the policy was trained on other features. */
  open(observation: Box, action: Box, rng: Rng): DecisionAccess;
}

/** What a controller without a network of ours is, for messages. */
export function kindOf({ together }: VictimSource): string {
  return together === undefined ? 'a rule' : 'a black box';
}

/** Where datasets and policies come from: the only way in which evaluation touches files. */
export interface Workspace {
  /** The named buildings of a dataset, in the order of `buildings`; all of them when it is empty. */
  dataset(name: string, buildings: readonly string[]): Promise<District>;
  victim(name: string, options?: VictimOptions): Promise<VictimSource>;
  /** A network that ships, or of a file (MATPOWER's `.m`, `.json`), with the SHA-256 of what it says. */
  grid(name: string): Promise<{ readonly grid: GridCase; readonly hash: string }>;
}

/** What the entry point brings: folders by the names that scenarios use. */
export interface WorkspaceFolders {
  /** A dataset folder; throws a ConfigError when the name is outside what may be read. */
  dataset(name: string): FolderReader;
  /** A policy folder, by model name or path; undefined when there is none. */
  policy(name: string): FolderReader | undefined;
  /** A controller outside this process, by its address or file; undefined when the name is neither. @throws {ConfigError} when it may not be asked */
  controller?(name: string, options: VictimOptions): Promise<BlackBox | undefined>;
  /** A network's file; absent: only networks that ship. @throws {ConfigError} when it may not be read */
  grid?(name: string): Promise<Uint8Array>;
  /** Names of the shipped models, for messages. */
  models(): readonly string[];
}

/** Datasets and policies over the folders that the entry point allows. */
export function workspace(folders: WorkspaceFolders): Workspace {
  return {
    async dataset(name, buildings) {
      if (name === 'builtin') return select(builtinDistrict(), buildings);
      return readCityLearnFolder(folders.dataset(name), buildings.length === 0 ? {} : { buildings });
    },
    async victim(name, options = {}) {
      const rule = Object.hasOwn(controllers, name);
      const box = rule ? undefined : await folders.controller?.(name, options);
      if (box !== undefined) return blackBoxSource(name, box);
      refuseOptions(name, options);
      if (rule) return ruleSource(name as ControllerName);
      const folder = folders.policy(name);
      if (folder === undefined)
        throw new UnknownNameError('policy', name, [...folders.models(), ...Object.keys(controllers)], {
          path: '/victim/policy',
        });
      return trained(name, folder);
    },
    async grid(name) {
      const bytes = isGridFile(name) ? await folders.grid?.(name) : undefined;
      if (bytes === undefined) return { grid: gridOf(name, undefined), hash: hashOf({ grid: name }) };
      return { grid: gridOf(name, new TextDecoder().decode(bytes)), hash: sha256Hex(bytes) };
    },
  };
}

/** Sound bounds on the actions of a network. @throws {ConfigError} for layers that have none */
export function certificateOf(
  { layers, normaliser, parameters }: NetworkParts,
  head: Head,
  method: 'interval' | 'crown',
): ActionCertificate {
  return actionCertificate({ layers, head, normaliser }, parameters, method);
}

/** What only a black box can be told. */
function refuseOptions(name: string, options: VictimOptions): void {
  for (const key of ['units', 'query_budget', 'request_budget', 'timeout_ms'] as const)
    if (options[key] !== undefined)
      throw new ConfigError(
        `'${name}' is computed here; ${key} is for a controller at an address or in another runtime`,
        {
          place: { path: `/victim/${key}` },
        },
      );
}

function select(district: District, names: readonly string[]): District {
  if (names.length === 0) return district;
  const buildings = names.map((name) => {
    const building = district.buildings.find((candidate) => candidate.name === name);
    if (building === undefined)
      throw new UnknownNameError(
        'building',
        name,
        district.buildings.map((candidate) => candidate.name),
        { path: '/district/buildings' },
      );
    return building;
  });
  return { ...district, buildings };
}

/** A rule-based controller as a victim. */
export function ruleSource(name: ControllerName): VictimSource {
  return {
    name,
    hash: hashOf({ controller: name }),
    network: null,
    features: [],
    normalisation: null,
    open: (observation, action, rng) => controllers[name].make({})(observation, action, rng),
  };
}

async function trained(name: string, folder: FolderReader): Promise<VictimSource> {
  const [card, weights] = await Promise.all([folder.read('policy.json'), folder.read('policy.safetensors')]);
  if (card === undefined || weights === undefined) {
    throw new ConfigError(
      `policy '${name}': ${folder.label} has no ${card === undefined ? 'policy.json' : 'policy.safetensors'}`,
      { place: { path: '/victim/policy' } },
    );
  }
  const policy = loadPolicy(new TextDecoder().decode(card), weights, folder.label);
  const victim = policyVictim(policy);
  const { layers, head, observation: observed } = policy.card;
  const parts = (): NetworkParts => {
    const parameters = new Float32Array(policy.network.size);
    policy.network.readParameters(parameters);
    return { layers, normaliser: observed.normaliser, parameters };
  };
  return {
    name,
    hash: sha256Hex(weights),
    network: victim,
    tensors: {
      layers,
      open: ({ tf, maxTensorBytes }) => tensorVictim(tf, policy, maxTensorBytes),
    },
    parts,
    certificate: (method) => certificateOf(parts(), head, method),
    features: policy.card.observation.features,
    normalisation: policy.card.observation.normalisation,
    close: () => policy[Symbol.dispose](),
    open(observation) {
      const expected = policy.card.observation.features.map((feature) => feature.name);
      const got = observation.features.map((feature) => feature.name);
      const differs = expected.findIndex((feature, index) => feature !== got[index]);
      if (expected.length !== got.length || differs >= 0) {
        throw new ConfigError(
          `policy '${name}' observes ${expected.length} features, the district gives ${got.length}; feature ${differs}: got '${got[differs]}', expected '${expected[differs]}'`,
          {
            place: { path: '/victim/policy' },
          },
        );
      }
      return victim;
    },
  };
}

import { readFileSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { ConfigError, DataError } from '../core/errors.ts';
import { sha256Hex } from '../core/sha256.ts';
import { isImportable } from '../evaluation/black-box.ts';
import type { BlackBox, VictimOptions } from '../evaluation/black-box.ts';
import { hashOf } from '../evaluation/canonical.ts';
import { RemoteController } from './remote-controller.ts';
import type { RemoteLimits } from './remote-controller.ts';

/** Where controllers may be asked over HTTP. */
export type ControllerReach = 'none' | 'loopback' | 'any';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * The address that a scenario names, or undefined when the name is none.
 * @throws {ConfigError} when it is not well formed, or lies beyond where controllers may be asked
 */
export function controllerAddress(name: string, reach: ControllerReach): URL | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(name)) return undefined;
  const fail = (message: string): never => {
    throw new ConfigError(`controller '${name}': ${message}`, { place: { path: '/victim/policy' } });
  };
  const address = URL.canParse(name) ? new URL(name) : fail('not an address');
  if (address.protocol !== 'http:' && address.protocol !== 'https:')
    fail(`protocol ${address.protocol.slice(0, -1)}, expected http or https`);
  if (address.username !== '' || address.password !== '') fail('a name and password, expected none in a scenario');
  if (reach === 'none') fail('this server asks no controllers elsewhere; start it with --allow-controllers loopback');
  if (reach === 'loopback' && !isLoopback(address.hostname))
    fail('is on another machine; say --allow-remote if it shall be asked');
  return address;
}

function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  if (isIP(bare) === 0) return bare === 'localhost';
  return loopback.check(bare, isIP(bare) === 6 ? 'ipv6' : 'ipv4');
}

/** A controller behind an address. */
export function httpBlackBox(address: URL, options: VictimOptions): BlackBox {
  const { href } = address;
  const units = options.units ?? 'normalised';
  const remote = new RemoteController({ kind: 'http', name: href, url: href, units }, limitsOf(options));
  return boxOf(remote, units, hashOf({ controller: href, units }));
}

/**
 * An ONNX model that is more than dense layers, in onnxruntime-node.
 * @throws {ConfigError} when it could be imported, and attacked white box
 */
export function onnxBlackBox(path: string, options: VictimOptions): BlackBox {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new DataError(`cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      place: { file: path },
      cause,
    });
  }
  if (isImportable(bytes, path))
    throw new ConfigError(
      `'${path}' is a graph of dense layers: make it a policy (faultline import ${path} --out DIR) and name its folder, for attacks of every access`,
      { place: { path: '/victim/policy' } },
    );
  const remote = new RemoteController({ kind: 'onnx', name: path, path }, limitsOf(options));
  return boxOf(remote, options.units ?? 'normalised', sha256Hex(bytes));
}

function limitsOf({ query_budget, request_budget, timeout_ms }: VictimOptions): RemoteLimits {
  return { rows: query_budget, requests: request_budget, timeoutMs: timeout_ms ?? 10_000 };
}

function boxOf(remote: RemoteController, units: BlackBox['units'], hash: string): BlackBox {
  return {
    hash,
    units,
    decide: (observations, rows, action) => remote.decide(observations, rows, action),
    [Symbol.dispose]: () => remote[Symbol.dispose](),
  };
}

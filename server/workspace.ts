import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { workspace } from '../evaluation/workspace.ts';
import type { Workspace } from '../evaluation/workspace.ts';
import { controllerAddress, httpBlackBox, onnxBlackBox } from './black-boxes.ts';
import type { ControllerReach } from './black-boxes.ts';
import { packedReader } from './executor/packed-policy.ts';
import type { PolicySupply } from './executor/packed-policy.ts';
import { folderReader } from './folder-reader.ts';

export interface FileWorkspace {
  /** Folders under which scenarios may name datasets and policies; null: anywhere (the command line's own user). */
  readonly roots: readonly string[] | null;
  /** The folder of the shipped models. */
  readonly modelsDir: string;
  /** The folder of policies that were uploaded; absent: none. */
  readonly policiesDir?: string | undefined;
  /** Packed policies that came from elsewhere, by the names that a scenario has for them; absent: none. */
  readonly supplied?: ReadonlyMap<string, Uint8Array> | undefined;
  /** Where controllers may be asked over HTTP: nowhere (the default), on this machine, or anywhere. */
  readonly controllers?: ControllerReach | undefined;
}

const modelName = /^[\w-][\w.-]*$/;

/** A workspace over this machine's files, confined to the given roots. */
export function fileWorkspace(files: FileWorkspace): Workspace {
  const { supplied = new Map<string, Uint8Array>(), controllers = 'none' } = files;
  const named = namedFolders(files);
  const allowed = allowedFolders(files);
  return workspace({
    dataset: (name) => folderReader(confined(name, allowed, '/district/dataset')),
    policy(name) {
      const packed = isShipped(name, files) ? undefined : supplied.get(name);
      return packed === undefined ? policyFolder(name, files) : packedReader(name, packed);
    },
    async controller(name, options) {
      const address = controllerAddress(name, controllers);
      if (address !== undefined) return httpBlackBox(address, options);
      if (!name.endsWith('.onnx') || !existsSync(name)) return undefined;
      return onnxBlackBox(confined(name, allowed, '/victim/policy'), options);
    },
    async grid(name) {
      const file = confined(name, allowed, '/grid/case', 'file');
      // Its real path exists, so that there is something to read.
      return (await folderReader(dirname(file)).read(basename(file)))!;
    },
    models: () => [...named.flatMap((folder) => modelNames(folder).map((model) => model.name)), ...supplied.keys()],
  });
}

/** The files of policies that another machine may not have: those that were uploaded here, and those that lie under the roots. */
export function policySupply(files: FileWorkspace): PolicySupply {
  return async (name) => {
    if (name.length > 1000 || isShipped(name, files)) return undefined;
    let folder: ReturnType<typeof policyFolder>;
    try {
      folder = policyFolder(name, files);
    } catch (error) {
      if (error instanceof ConfigError) return undefined; // another kind of name, or one that whoever reads it will refuse
      throw error;
    }
    const [card, weights] = await Promise.all([folder?.read('policy.json'), folder?.read('policy.safetensors')]);
    return card === undefined || weights === undefined ? undefined : { card, weights };
  };
}

function namedFolders({ modelsDir, policiesDir }: FileWorkspace): readonly string[] {
  return policiesDir === undefined ? [modelsDir] : [modelsDir, policiesDir];
}

function allowedFolders(files: FileWorkspace): readonly string[] | null {
  return files.roots === null ? null : [...files.roots, ...namedFolders(files)].map((root) => resolve(root));
}

function isShipped(name: string, { modelsDir }: FileWorkspace): boolean {
  return modelName.test(name) && existsSync(join(modelsDir, name, 'policy.json'));
}

/** A policy by its name or path; undefined for what is neither. @throws {ConfigError} for a path that may not be read */
function policyFolder(name: string, files: FileWorkspace): ReturnType<typeof folderReader> | undefined {
  const model = namedFolders(files).find((folder) => existsSync(join(folder, name, 'policy.json')));
  if (modelName.test(name) && model !== undefined) return folderReader(join(model, name));
  if (!/[\\/]/.test(name) && !existsSync(name)) return undefined;
  const path = confined(name, allowedFolders(files), '/victim/policy');
  return folderReader(path.endsWith('policy.json') ? join(path, '..') : path);
}

/** The policies of a folder with the first line of their cards; what is being written has a dot in front. */
export function modelNames(modelsDir: string): readonly { readonly name: string; readonly title: string }[] {
  if (!existsSync(modelsDir)) return [];
  return readdirSync(modelsDir)
    .filter((name) => !name.startsWith('.') && existsSync(join(modelsDir, name, 'policy.json')))
    .sort()
    .map((name) => ({ name, title: titleOf(join(modelsDir, name, 'card.json')) }));
}

function titleOf(card: string): string {
  if (!existsSync(card)) return '';
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(card, 'utf8'));
  } catch {
    return ''; // a card that cannot be read costs a title, not the list
  }
  return typeof parsed === 'object' && parsed !== null && 'title' in parsed && typeof parsed.title === 'string'
    ? parsed.title
    : '';
}

/** The real path of a folder or file that a scenario names, if it lies under a root; a link that leads out counts as outside. */
function confined(
  name: string,
  roots: readonly string[] | null,
  path: string,
  what: 'folder' | 'file' = 'folder',
): string {
  const wanted = resolve(name);
  const exists = existsSync(wanted);
  const real = exists ? realpathSync(wanted) : wanted;
  const allowed =
    roots === null ||
    roots.some((root) => inside(existsSync(root) ? realpathSync(root) : root, real) || (!exists && inside(root, real)));
  if (allowed && exists) return real;
  // What is outside is outside, there or not: scenarios are no way to look around this machine.
  if (allowed) throw new ConfigError(`there is no ${what} '${name}' (looked at ${wanted})`, { place: { path } });
  throw new ConfigError(
    `'${name}' is outside the folders this server may read (${roots.join(', ')}); start it with --data`,
    { place: { path } },
  );
}

function inside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
}

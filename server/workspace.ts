import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { workspace } from '../evaluation/workspace.ts';
import type { Workspace } from '../evaluation/workspace.ts';
import { controllerAddress, httpBlackBox, onnxBlackBox } from './black-boxes.ts';
import type { ControllerReach } from './black-boxes.ts';
import { folderReader } from './folder-reader.ts';

export interface FileWorkspace {
  /** Folders under which scenarios may name datasets and policies; null: anywhere (the command line's own user). */
  readonly roots: readonly string[] | null;
  /** The folder of the shipped models. */
  readonly modelsDir: string;
  /** The folder of policies that were uploaded; absent: none. */
  readonly policiesDir?: string | undefined;
  /** Where controllers may be asked over HTTP: nowhere (the default), on this machine, or anywhere. */
  readonly controllers?: ControllerReach | undefined;
}

/** A workspace over this machine's files, confined to the given roots. */
export function fileWorkspace({ roots, modelsDir, policiesDir, controllers = 'none' }: FileWorkspace): Workspace {
  const named = policiesDir === undefined ? [modelsDir] : [modelsDir, policiesDir];
  const allowed = roots === null ? null : [...roots, ...named].map((root) => resolve(root));
  return workspace({
    dataset: (name) => folderReader(confined(name, allowed, '/district/dataset')),
    policy(name) {
      const model = named.map((folder) => join(folder, name)).find((one) => existsSync(join(one, 'policy.json')));
      if (/^[\w-][\w.-]*$/.test(name) && model !== undefined) return folderReader(model);
      if (!/[\\/]/.test(name) && !existsSync(name)) return undefined;
      const path = confined(name, allowed, '/victim/policy');
      return folderReader(path.endsWith('policy.json') ? join(path, '..') : path);
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
    models: () => named.flatMap((folder) => modelNames(folder).map((model) => model.name)),
  });
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

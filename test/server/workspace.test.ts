import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../core/errors.ts';
import { fileWorkspace, modelNames } from '../../server/workspace.ts';
import { writeModels } from '../support/model-folder.ts';
import { tempFolder } from '../support/server.ts';

let folder: ReturnType<typeof tempFolder>;
let modelsDir: string;
beforeAll(async () => {
  folder = tempFolder();
  modelsDir = await writeModels(join(folder.path, 'models'));
  for (const name of ['data/set', 'data-elsewhere/set', 'secret']) {
    mkdirSync(join(folder.path, name), { recursive: true });
    writeFileSync(join(folder.path, name, 'schema.json'), '{');
  }
  symlinkSync(join(folder.path, 'secret'), join(folder.path, 'data', 'link'));
  symlinkSync(join(folder.path, 'data'), join(folder.path, 'alias'));
});
afterAll(() => folder[Symbol.dispose]());

const at = (name: string): string => join(folder.path, name);
const read = (name: string, roots: readonly string[] | null = [at('data')]): Promise<unknown> =>
  Promise.resolve().then(() => fileWorkspace({ roots, modelsDir }).dataset(name, ['Building_1']));

describe('what a scenario may name', () => {
  it.each([
    '/etc',
    '/no/such/folder',
    'secret',
    'data-elsewhere/set', // shares its beginning with a root, and is not in it
    'data/link', // leads out
    'data/../secret',
    'no-such-folder',
  ])('%s is outside, there or not', async (name) => {
    const path = name.startsWith('/') ? name : at(name);
    await expect(read(path)).rejects.toThrow(ConfigError);
    await expect(read(path)).rejects.toThrow(/outside the folders this server may read/);
  });

  it('a folder inside is read, by whatever way it is named; one that is missing is said to be', async () => {
    for (const name of ['data/set', 'alias/set', 'data/./set/../set']) {
      await expect(read(at(name))).rejects.toThrow(/schema\.json/);
    }
    await expect(read(at('data/none'))).rejects.toThrow(/there is no folder/);
    await expect(read(at('secret'), null)).rejects.toThrow(/schema\.json/);
  });

  it('a policy is a model by its name, or a folder inside', async () => {
    const workspace = fileWorkspace({ roots: [at('data')], modelsDir });
    expect((await workspace.victim('small-ppo')).name).toBe('small-ppo');
    await expect(Promise.resolve().then(() => workspace.victim('../models/small-ppo'))).rejects.toThrow(ConfigError);
    await expect(Promise.resolve().then(() => workspace.victim(at('secret')))).rejects.toThrow(/outside the folders/);
    await expect(Promise.resolve().then(() => workspace.victim('smal-ppo'))).rejects.toThrow(/small-ppo/);
  });

  it('a card that cannot be read costs a title, not the list', () => {
    writeFileSync(join(modelsDir, 'small-ppo', 'card.json'), '{"title": ');
    expect(modelNames(modelsDir)).toEqual([{ name: 'small-ppo', title: '' }]);
    writeFileSync(join(modelsDir, 'small-ppo', 'card.json'), '{"title": "Small"}');
    expect(modelNames(modelsDir)).toEqual([{ name: 'small-ppo', title: 'Small' }]);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { modules } from '../../defenses/module/index.ts';
import { parseScenario } from '../../core/scenario.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { installation } from '../../server/installation.ts';

const { examplesDir } = installation();
const files = readdirSync(examplesDir).filter((name) => name.endsWith('.yaml'));
const scenarios = new Map(
  files.map((file) => [file, parseScenario(readFileSync(join(examplesDir, file), 'utf8'), file, schema)]),
);

it.each(files)('examples/%s is a scenario', (file) => {
  expect(scenarios.get(file)!.name).not.toBe('unnamed');
});

it('examples name every module', () => {
  const named = [...scenarios.values()].flatMap((scenario) => (scenario.modules ?? []).map(({ name }) => name));
  expect(new Set(named)).toEqual(new Set(Object.keys(modules)));
});

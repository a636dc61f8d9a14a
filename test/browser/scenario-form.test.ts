import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { scenarioFrom } from '../../core/scenario.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { textOf, valueOf } from '../../server/console/launch/document.ts';
import type { Json, JsonSchema } from '../../server/console/launch/json-schema.ts';
import {
  filled,
  kindOf,
  mixedOf,
  pointerTo,
  variantsOf,
  withoutNull,
} from '../../server/console/launch/json-schema.ts';

const form = z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
const attack = form.properties!['attacks']!.items!;

describe('the launch form', () => {
  it('fills the very defaults that the server takes', () => {
    expect(scenarioFrom(filled(form, undefined), 'form', schema)).toEqual(scenarioFrom({}, 'empty', schema));
  });

  it('knows every attack of the registry, and each with its defaults is a scenario', () => {
    const { key, byName } = variantsOf(attack)!;
    expect(key).toBe('name');
    expect(byName.size).toBeGreaterThan(3);
    for (const [name, { properties }] of byName) {
      // What has no default, a person has to say: the policy of a learned adversary.
      const needed = properties!['config']!.required?.map((option) => [option, 'something']) ?? [];
      const attack = { name, config: Object.fromEntries(needed) as object };
      const value = filled(form, { attacks: [attack as Json] });
      expect(scenarioFrom(value, name, schema)).toEqual(scenarioFrom({ attacks: [attack] }, name, schema));
    }
  });

  it('adds a network with the very defaults that the server takes, tuples and all', () => {
    const grid = filled(form.properties!['grid']!, undefined);
    expect(grid).toMatchObject({ case: 'case33bw', zip: { p: [1, 0, 0] }, limits: { voltage: [0.95, 1.05] } });
    expect(scenarioFrom({ grid }, 'form', schema)).toEqual(scenarioFrom({ grid: {} }, 'empty', schema));
    const tap = filled(form.properties!['grid']!.properties!['taps']!.items!, undefined);
    expect(tap).toMatchObject({ branch: [1, 1], range: [-16, 16] });
  });

  it('has an editor of its own for every value of the schema', () => {
    const free: string[] = [];
    const visit = (one: JsonSchema, pointer: string): void => {
      const { schema: inner } = withoutNull(one);
      if (kindOf(inner) === 'free') free.push(pointer);
      for (const [key, property] of Object.entries(inner.properties ?? {})) visit(property, pointerTo(pointer, key));
      if (inner.prefixItems !== undefined) inner.prefixItems.forEach((item, k) => visit(item, `${pointer}/${k}`));
      else if (inner.items !== undefined) visit(inner.items, `${pointer}/*`);
      for (const object of mixedOf(inner)?.byKey.values() ?? []) visit(object, pointer);
      for (const variant of variantsOf(inner)?.byName.values() ?? []) visit(variant, pointer);
    };
    visit(form, '');
    expect(free).toEqual([]);
  });

  it('takes a reward by name, with attributes, or written out', () => {
    const reward = (value: unknown): unknown => {
      const document = filled(form, { district: { reward: value } });
      return scenarioFrom(document, 'form', schema).district.reward;
    };
    expect(kindOf(form.properties!['district']!.properties!['reward']!)).toBe('mixed');
    expect(reward('ComfortReward')).toBe('ComfortReward');
    expect(reward({ type: 'ComfortReward' })).toEqual({ type: 'ComfortReward', attributes: {} });
    expect(reward({ expression: '-net' })).toEqual({ expression: '-net' });
  });

  it('keeps what the schema does not know, so that the server can name it', () => {
    expect(filled(form, { sede: 3 })).toMatchObject({ seed: 0, sede: 3 });
    expect(filled(form, { district: { steps: 'many' } })).toMatchObject({
      district: { steps: 'many', dataset: 'builtin' },
    });
  });

  it('writes text that reads back as the same value', () => {
    const value = filled(form, { name: 'a: "b" #c', attacks: [{ name: 'pgd', label: '5 %' }, { name: 'fgsm' }] });
    expect(valueOf(textOf(value))).toEqual({ value });
  });

  it.each([
    ['a: [', /^line 1, column 5: /],
    ['a: 1\na: 2', /^line 2, column 1: /],
    ['- 1', /a scenario is a mapping/],
  ])('says where %j cannot be read', (text, message) => {
    expect(valueOf(text)).toEqual({ error: expect.stringMatching(message) as unknown });
  });

  it('escapes pointers', () => expect(pointerTo('/a', 'b/c~d')).toBe('/a/b~1c~0d'));
});

import { colourOf } from '../colours.ts';
import type { Meaning, Scheme } from '../colours.ts';
import type { TableGroup } from './compare-api.ts';

/** How a group is called and drawn. */
export interface GroupLook {
  readonly name: string;
  readonly colour: string;
  /** Of its lines, as SVG has it: colour is not the only carrier. */
  readonly dash: string;
}

/** Groups are called by what tells them apart, and drawn in colours of their own; the clean twin's is blue everywhere. */
export function looksOf(groups: readonly TableGroup[], scheme: Scheme): readonly GroupLook[] {
  const keys = Object.keys(groups[0]?.key ?? {}).filter(
    (key) => key !== 'config' && new Set(groups.map((group) => group.key[key])).size > 1,
  );
  const names = groups.map((group) => {
    const settings = Object.entries(group.settings)
      .filter(([pointer]) => !/^\/(?:victim\/policy|district\/dataset|attacks\/\d+\/(?:name|label))$/.test(pointer))
      .filter(([pointer]) => new Set(groups.map((one) => JSON.stringify(one.settings[pointer]))).size > 1)
      .map(([pointer, value]) => `${settingName(pointer)} ${String(value)}`);
    return [...keys.map((key) => group.key[key]!), ...settings].filter(Boolean).join(' · ');
  });
  let other = 0;
  return groups.map((group, at) => {
    const own = names[at] ?? '';
    const same = names.filter((name) => name === names[at]).length > 1;
    const name = own === '' ? 'all' : same && group.key['config'] ? `${own} · ${group.key['config']}` : own;
    if (group.key['attack'] === 'clean' && groups.filter((one) => one.key['attack'] === 'clean').length === 1)
      return { name, colour: colourOf('clean', scheme), dash: '' };
    const meaning: Meaning = `other-${(other % 6) as 0 | 1 | 2 | 3 | 4 | 5}`;
    const dash = ['', '5 3', '2 2', '8 3 2 3'][Math.floor(other / 6) % 4]!;
    other++;
    return { name, colour: colourOf(meaning, scheme), dash };
  });
}

/** `/attacks/0/threat/epsilon` → `epsilon`. */
export function settingName(pointer: string): string {
  return pointer.split('/').at(-1)!;
}

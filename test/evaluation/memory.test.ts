import { expect, it } from 'vitest';
import type { RunEvent } from '../../core/run.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { commandQueue } from '../../evaluation/control.ts';
import { runEvents } from '../../evaluation/run.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { kernel } from '../../nn/kernel/kernel.ts';
import { memoryWorkspace } from '../support/memory-workspace.ts';

/* A process that runs one scenario after the other: what a run took of the kernel’s memory, it gives back. */

const workspace = memoryWorkspace();
const learning = { watch: 30, epochs: 2, width: 8, batch: 16 };
const panel: readonly { readonly name: string; readonly label?: string; readonly config: object }[] = [
  { name: 'snooping', config: { days: 1, hidden: [8], epochs: 2 } },
  {
    name: 'snooping',
    label: 'learns too',
    config: { days: 1, hidden: [8], epochs: 2, inner: { name: 'universal', config: { record: 8, steps: 2 } } },
  },
  ...['critic', 'min-q', 'robust-sarsa', 'rs-mad'].map((name) => ({ name, config: { ...learning, steps: 2 } })),
  ...[
    { valueAbove: 0.5, ...learning },
    { spread: 0.1, ...learning },
    { damageAbove: 0.5, ...learning },
    { best: 3, of: 12, ...learning },
  ].map((timing, i) => ({ name: 'fgsm', label: `timed ${i}`, config: { timing } })),
  { name: 'fgsm', label: 'imitates', config: { target: { imitate: 'small-ppo' }, objective: 'margin' } },
];

/** @param until cancels the run at the first event for which it holds */
async function play(
  policy: string,
  attacks: readonly object[],
  until: (event: RunEvent) => boolean = () => false,
): Promise<number> {
  const commands = commandQueue();
  const scenario = scenarioFrom({ district: { steps: 10 }, victim: { policy }, attacks }, 'test', schema);
  const clock = { now: () => 0, sleep: () => Promise.resolve() };
  const options = { clock, commands, versions: {}, codeHash: 'test' };
  let most = 0;
  for await (const event of runEvents(scenario, workspace, options)) {
    most = Math.max(most, kernel().heap.used);
    if (until(event)) commands.push({ type: 'cancel' });
  }
  return most;
}

it.each([
  ['small-ppo', panel],
  ['small-sac', panel.filter(({ name, label }) => name === 'snooping' || label?.startsWith('timed'))],
] as const)(
  'runs of %s leave the kernel’s memory as it was, finished, cancelled at every stage or refused',
  { timeout: 90_000 },
  async (policy, attacks) => {
    await play(policy, attacks);
    const before = kernel().heap.used;
    expect(await play(policy, attacks)).toBeGreaterThan(before);
    expect(kernel().heap.used).toBe(before);
    for (const attack of attacks.filter(({ name, label }) => label !== undefined || name === 'critic')) {
      await play(policy, [attack], (event) => event.type === 'preparing' && event.done > 0);
      expect(kernel().heap.used, JSON.stringify(attack)).toBe(before);
    }
    await play(policy, attacks, (event) => event.type === 'started');
    await expect(play(policy, [{ name: 'evasive' }])).rejects.toThrow(/evades detectors/);
    expect(kernel().heap.used).toBe(before);
  },
);

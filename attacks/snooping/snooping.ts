import { z } from 'zod';
import type { ObservationAttack } from '../../core/attack.ts';
import type { Definition } from '../../core/definition.ts';
import { StateError } from '../../core/errors.ts';
import { partOf } from '../../core/part-of.ts';
import type { Head } from '../../core/policy.ts';
import { define } from '../define.ts';
import { imitate } from './imitator.ts';
import type { Imitator } from './imitator.ts';

/**
 * Listens to a controller, learns to imitate it, attacks the imitator with full access and shows the controller what came of it. The
 * controller itself is never asked. Source: arXiv 2407.05182, its snooping attack: FGM on an imitator of logged pairs.
 * @param inner the attacks that can be made on the imitator
 */
export function snooping<Name extends string>(inner: Readonly<Record<Name, Definition<ObservationAttack>>>) {
  const names = Object.keys(inner) as [Name, ...Name[]];
  return define(
    'Snooping: an attack on an imitator, transferred',
    'Broda-Milian, Al-Mallah, Dagdougui (2024), arXiv 2407.05182; Papernot et al. (2017), arXiv 1602.02697',
    z.strictObject({
      days: z
        .int()
        .min(1)
        .max(366)
        .default(365)
        .meta({ title: 'Days', description: 'Clean days that are listened to; no more than an episode.' }),
      hidden: z
        .array(z.int().min(1).max(1024))
        .max(4)
        .default([128, 128])
        .meta({ title: 'Hidden', description: 'Widths of the imitator’s hidden layers.' }),
      epochs: z.int().min(1).max(10_000).default(60).meta({ title: 'Epochs', description: 'At most.' }),
      patience: z
        .int()
        .min(1)
        .max(10_000)
        .default(10)
        .meta({ title: 'Patience', description: 'Epochs without a better loss on the last fifth that end it.' }),
      learningRate: z
        .number()
        .positive()
        .max(1)
        .default(1e-3)
        .meta({ title: 'Learning rate', description: 'Of Adam.' }),
      batch: z.int().min(1).max(65_536).default(64).meta({ title: 'Batch', description: 'Pairs per step.' }),
      inner: z
        .strictObject({
          name: z.enum(names).default((names.includes('fgsm' as Name) ? 'fgsm' : names[0]) as never),
          config: z.record(z.string(), z.unknown()).default({}),
        })
        .prefault({})
        .meta({ title: 'Inner attack', description: 'Made on the imitator: an attack by name, with its options.' }),
    }),
    ({ days, inner: { name, config }, ...options }): ObservationAttack => {
      const attack = inner[name as Name].make(config);
      let imitator: Imitator | undefined;
      return {
        stage: 'observation',
        access: 'none',
        ...(attack.policies === undefined ? {} : { policies: attack.policies }),
        check: (head) => attack.check?.(imitated(head)),
        notes(head) {
          const own = attack.notes?.(imitated(head)) ?? [];
          return imitator === undefined ? own : [...own, noteOf(imitator)];
        },
        *prepare(rehearsal) {
          const { victim, rng } = rehearsal;
          imitator?.[Symbol.dispose]();
          const learning = imitate(
            rehearsal.record(rehearsal.stepsPerDay * days),
            victim.head,
            options,
            rng.split('imitator'),
          );
          imitator = yield* attack.prepare === undefined ? learning : partOf(learning, 0, 0.5);
          // What an inner attack learns, it learns from the imitator: the controller is listened to and not asked.
          const listening = { ...rehearsal, victim: imitator.policy };
          for (const done of attack.prepare?.(listening) ?? []) yield 0.5 + done / 2;
        },
        perturb(x, rows, _victim, context, out) {
          if (imitator === undefined) throw new StateError('snooping: attacked before it had listened');
          attack.perturb(x, rows, imitator.policy, context, out);
        },
        reset: (ended) => attack.reset?.(ended),
        dispose() {
          imitator?.[Symbol.dispose]();
          attack.dispose?.();
        },
      };
    },
  );
}

/** The head of an imitator: of a continuous controller only the actions are seen. */
function imitated(head: Head): Head {
  return head.kind === 'categorical' ? head : { kind: 'deterministic', low: head.low, high: head.high };
}

function noteOf({ pairs, held, epochs, agreement, error }: Imitator): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const same = agreement === null ? '' : ` decides as the controller on ${percent(agreement)} of them and`;
  return `imitator of ${pairs} recorded pairs, ${epochs} epochs; on ${held} later ones it${same} is off by ${percent(error)} of the range`;
}

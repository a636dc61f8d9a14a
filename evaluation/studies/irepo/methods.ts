import type { ObjectiveName } from '../../../logits/preference/objective.ts';

/** What is compared everywhere, on the same pairs. */
export const methods = ['irepo', 'soft-dpo', 'dpo', 'ipo', 'sft'] as const satisfies readonly ObjectiveName[];

export type MethodName = (typeof methods)[number];

export const methodTitles: Readonly<Record<MethodName, string>> = {
  irepo: 'iREPO',
  'soft-dpo': 'soft DPO',
  dpo: 'DPO',
  ipo: 'IPO',
  sft: 'SFT',
};

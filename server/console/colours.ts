export type Scheme = 'light' | 'dark';

/** What a colour means, everywhere: blue is the clean twin, orange-red the attacked lane, grey a reference. */
export type Meaning = 'clean' | 'attacked' | 'reference' | `other-${0 | 1 | 2 | 3 | 4 | 5}`;

const light: Readonly<Record<Meaning, string>> = {
  clean: '#1864ab',
  attacked: '#d9480f',
  reference: '#7b848d',
  'other-0': '#d9480f',
  'other-1': '#862e9c',
  'other-2': '#087f5b',
  'other-3': '#a61e4d',
  'other-4': '#5c6b00',
  'other-5': '#5f3dc4',
};

const dark: Readonly<Record<Meaning, string>> = {
  clean: '#4dabf7',
  attacked: '#ff8552',
  reference: '#98a1ab',
  'other-0': '#ff8552',
  'other-1': '#da77f2',
  'other-2': '#38d9a9',
  'other-3': '#f783ac',
  'other-4': '#c0eb75',
  'other-5': '#b197fc',
};

/** The colour of a meaning, at least 3:1 against the chart's background. */
export function colourOf(meaning: Meaning, scheme: Scheme): string {
  return (scheme === 'dark' ? dark : light)[meaning];
}

/** Ink of axes and grids, and of what lies behind the lines where a run is attacked. */
export function inkOf(scheme: Scheme): { readonly text: string; readonly grid: string; readonly shade: string } {
  return scheme === 'dark'
    ? { text: '#b8bec5', grid: 'rgba(255, 255, 255, 0.07)', shade: 'rgba(255, 133, 82, 0.08)' }
    : { text: '#495057', grid: 'rgba(0, 0, 0, 0.07)', shade: 'rgba(217, 72, 15, 0.07)' };
}

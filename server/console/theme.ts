import { InputWrapper, Table, createTheme } from '@mantine/core';

/** A dense engineering theme. Shade 8 and automatic contrast keep white on colour at 4.5:1 and better. */
export const theme = createTheme({
  primaryColor: 'blue',
  primaryShade: 8,
  autoContrast: true,
  defaultRadius: 'sm',
  respectReducedMotion: true,
  fontFamily: "Inter, 'Segoe UI', 'Helvetica Neue', Roboto, 'DejaVu Sans', system-ui, sans-serif",
  fontFamilyMonospace: "'JetBrains Mono', ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  // Help under the field, so that the fields of a row stand in line.
  components: {
    InputWrapper: InputWrapper.extend({
      defaultProps: { inputWrapperOrder: ['label', 'input', 'description', 'error'] },
    }),
    Table: Table.extend({ defaultProps: { verticalSpacing: 4, horizontalSpacing: 'sm' } }),
  },
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.25rem', lineHeight: '1.3' },
      h2: { fontSize: '0.9375rem', lineHeight: '1.35' },
      h3: { fontSize: '0.875rem', lineHeight: '1.4' },
    },
  },
});

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

/** Ink of axes and grids. */
export function inkOf(scheme: Scheme): { readonly text: string; readonly grid: string; readonly cursor: string } {
  return scheme === 'dark'
    ? { text: '#b8bec5', grid: 'rgba(255, 255, 255, 0.07)', cursor: '#ced4da' }
    : { text: '#495057', grid: 'rgba(0, 0, 0, 0.07)', cursor: '#343a40' };
}

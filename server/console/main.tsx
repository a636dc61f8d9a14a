import '@mantine/core/styles.css';
import 'uplot/dist/uPlot.min.css';
import './console.css';
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import { Shell } from './shell.tsx';
import { theme } from './theme.ts';
import { ProblemError } from './wire/api.ts';
import { nonce } from './wire/nonce.ts';

// A refusal is final; an absent server is asked again.
const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: (count, error) => !(error instanceof ProblemError) && count < 5, staleTime: 30_000 },
  },
});

createRoot(document.querySelector('#root')!).render(
  <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
    <QueryClientProvider client={queries}>
      <Shell />
    </QueryClientProvider>
  </MantineProvider>,
);

import { Alert, AppShell, Button, Group, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { Suspense, lazy, useState } from 'react';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';
import { LiveSkeleton } from './live/live-skeleton.tsx';
import { NotFoundPage } from './not-found-page.tsx';
import { RunsPage } from './runs/runs-page.tsx';
import { useConnection } from './wire/connection.ts';
import { useShortcuts } from './wire/shortcuts.ts';
import { TokenForm } from './wire/token-form.tsx';

const LivePage = lazy(async () => ({ default: (await import('./live/live-page.tsx')).LivePage }));
const StealthPage = lazy(async () => ({ default: (await import('./stealth/stealth-page.tsx')).StealthPage }));
const LaunchPage = lazy(async () => ({ default: (await import('./launch/launch-page.tsx')).LaunchPage }));
const SqlPage = lazy(async () => ({ default: (await import('./sql/sql-page.tsx')).SqlPage }));
const SystemPage = lazy(async () => ({ default: (await import('./system/system-page.tsx')).SystemPage }));
const ComparePage = lazy(async () => ({ default: (await import('./compare/compare-page.tsx')).ComparePage }));
const SweepsPage = lazy(async () => ({ default: (await import('./sweeps/sweeps-page.tsx')).SweepsPage }));
const SweepPage = lazy(async () => ({ default: (await import('./sweeps/sweep-page.tsx')).SweepPage }));
const SweepForm = lazy(async () => ({ default: (await import('./sweeps/sweep-form.tsx')).SweepForm }));
const ShortcutHelp = lazy(async () => ({ default: (await import('./wire/shortcut-help.tsx')).ShortcutHelp }));

/** Frame of every screen: navigation, theme, connection, and the screen that the address names. */
export function Shell() {
  const connection = useConnection();
  const [help, setHelp] = useState(false);
  const [, navigate] = useLocation();
  useShortcuts('Everywhere', [
    { keys: ['?'], does: 'these keys', run: () => setHelp(true) },
    { keys: ['R'], does: 'runs', run: () => navigate('/') },
    { keys: ['L'], does: 'launch', run: () => navigate('/launch') },
    { keys: ['S'], does: 'sweeps', run: () => navigate('/sweeps') },
  ]);
  return (
    <AppShell header={{ height: 44 }} padding="md">
      <AppShell.Header className="bar">
        <a className="skip" href="#main">
          Skip to content
        </a>
        <Group h="100%" px="md" gap="lg" wrap="nowrap">
          <Link href="/" className="brand">
            <img src="/favicon.svg" alt="" width="20" height="20" />
            Faultline
          </Link>
          <Group component="nav" gap="md" aria-label="Main">
            <NavItem href="/" label="Runs" />
            <NavItem href="/launch" label="Launch" />
            <NavItem href="/compare" label="Compare" />
            <NavItem href="/sweeps" label="Sweeps" />
            <NavItem href="/sql" label="SQL" />
            <NavItem href="/system" label="System" />
          </Group>
          <Group ml="auto" gap="sm" wrap="nowrap">
            <span className="line-state" data-connection={connection} role="status">
              {connection === 'connected'
                ? 'connected'
                : connection === 'connecting'
                  ? 'connecting …'
                  : 'no connection'}
            </span>
            <Button size="compact-xs" variant="default" onClick={() => setHelp(true)} aria-label="Keyboard help">
              ?
            </Button>
            <ThemeButton />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Main id="main">
        {help && (
          <Suspense>
            <ShortcutHelp close={() => setHelp(false)} />
          </Suspense>
        )}
        {connection === 'refused' && <TokenForm />}
        {(connection === 'lost' || connection === 'draining') && (
          <Alert color="orange" variant="outline" mb="sm" role="alert">
            The connection to the server is lost. What is shown is the last that was known; this page reconnects by
            itself and takes up the stream where it broke.
          </Alert>
        )}
        <Suspense fallback={<LiveSkeleton />}>
          <Switch>
            <Route path="/" component={RunsPage} />
            <Route path="/launch" component={LaunchPage} />
            <Route path="/compare" component={ComparePage} />
            <Route path="/sweeps" component={SweepsPage} />
            <Route path="/sweeps/new" component={SweepForm} />
            <Route path="/sweeps/:id">{({ id }) => <SweepPage key={id} id={id} />}</Route>
            <Route path="/sql" component={SqlPage} />
            <Route path="/system" component={SystemPage} />
            <Route path="/runs">
              <Redirect to="/" replace />
            </Route>
            <Route path="/runs/:id/stealth">{({ id }) => <StealthPage key={id} id={id} />}</Route>
            <Route path="/runs/:id">{({ id }) => <LivePage key={id} id={id} />}</Route>
            <Route component={NotFoundPage} />
          </Switch>
        </Suspense>
      </AppShell.Main>
    </AppShell>
  );
}

function NavItem({ href, label }: { readonly href: string; readonly label: string }) {
  const [path] = useLocation();
  const here = href === '/' ? path === '/' || path.startsWith('/runs') : path.startsWith(href);
  return (
    <Link href={href} className="nav-item" aria-current={here ? 'page' : undefined}>
      {label}
    </Link>
  );
}

function ThemeButton() {
  const { setColorScheme } = useMantineColorScheme();
  const next = useComputedColorScheme('light') === 'dark' ? 'light' : 'dark';
  return (
    <Button
      size="compact-xs"
      variant="default"
      onClick={() => setColorScheme(next)}
      aria-label={`Use the ${next} theme`}
    >
      {next === 'dark' ? 'Dark' : 'Light'}
    </Button>
  );
}

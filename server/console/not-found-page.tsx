import { Button, Title } from '@mantine/core';
import { Link } from 'wouter';
import { useTitle } from './wire/use-title.ts';

/** For addresses that name no screen. */
export function NotFoundPage() {
  useTitle('Not found');
  return (
    <section className="blank">
      <Title order={1}>There is no such page</Title>
      <p>The address leads nowhere in this console.</p>
      <Button component={Link} href="/">
        All runs
      </Button>
    </section>
  );
}

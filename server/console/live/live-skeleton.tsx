import { Skeleton, Title } from '@mantine/core';

/** What a page looks like before its data. */
export function LiveSkeleton() {
  return (
    <div aria-busy="true">
      <Title order={1}>Loading …</Title>
      <Skeleton height={16} mt="sm" mb="md" />
      <ChartSkeletons />
    </div>
  );
}

/** Room of the charts that will come. */
export function ChartSkeletons() {
  return (
    <div className="charts" aria-hidden="true">
      {Array.from({ length: 6 }, (_, k) => (
        <Skeleton key={k} height={220} />
      ))}
    </div>
  );
}

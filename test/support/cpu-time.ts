/** Milliseconds of CPU since a reading of `process.cpuUsage()`: neighbours on the machine disturb it little. */
export function cpuMilliseconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

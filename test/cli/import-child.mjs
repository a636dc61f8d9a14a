// Runs `faultline import` on files in this process, as its own first command would, and says of each what it said and cost; then the
// largest resident set that the process ever had (VmHWM: `resourceUsage` begins with that of the process which forked it).
//   node import-child.mjs commands.json     [[argument, …], …]
import { readFileSync } from 'node:fs';

const { main } = await import('../../dist/cli/main.js');
const outcomes = [];
let said = '';
const { stdout, stderr } = process;
const write = stdout.write.bind(stdout);
stdout.write = stderr.write = (text) => {
  said += text;
  return true;
};
for (const args of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  said = '';
  process.exitCode = 0;
  const begun = process.cpuUsage();
  await main(['node', 'faultline', 'import', ...args]);
  const { user, system } = process.cpuUsage(begun);
  outcomes.push({ code: process.exitCode, said, cpuSeconds: (user + system) / 1e6 });
}
process.exitCode = 0;
const status = process.platform === 'linux' ? readFileSync('/proc/self/status', 'utf8') : '';
write(JSON.stringify({ outcomes, megabytes: Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024 }));

// Entry of the process of questions when we run from sources: tsx does not follow into processes by itself.
import { register } from 'tsx/esm/api';

register();
await import('./query-process.ts');

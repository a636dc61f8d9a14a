// Entry of the reports' thread when we run from sources: tsx does not follow into threads by itself.
import { register } from 'tsx/esm/api';

register();
await import('./report-worker.ts');

// Entry of the thread that reads policies when we run from sources: tsx does not follow into threads by itself.
import { register } from 'tsx/esm/api';

register();
await import('./policy-worker.ts');

// Entry of an environment's thread when we run from sources: tsx does not follow into threads by itself.
import { register } from 'tsx/esm/api';

register();
await import('./env-worker.ts');

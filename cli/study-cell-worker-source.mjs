// Entry of a thread for a cell of a study when we run from sources: tsx does not follow into threads by itself.
import { register } from 'tsx/esm/api';

register();
await import('./study-cell-worker.ts');

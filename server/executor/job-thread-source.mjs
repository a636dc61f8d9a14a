// Entry of a thread of the pool when we run from sources: tsx does not follow into threads by itself.
import { register } from 'tsx/esm/api';

register();
const { default: doJob } = await import('./job-thread.ts');
export default doJob;

import offloop from './index.js';

export const { hash, pool, OffloopError } = offloop;
export default offloop;

import offloop from './index.js';

export const { hash, kdf, password, pool, OffloopError } = offloop;
export default offloop;

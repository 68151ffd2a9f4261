import offloop from './index.js';

export const { csv, hash, kdf, password, pool, Column, OffloopError, Table } = offloop;
export default offloop;

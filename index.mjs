import offloop from './index.js';

export const { csv, hash, json, kdf, password, pool, zlib, Column, JsonDocument, OffloopError, Table } = offloop;
export default offloop;

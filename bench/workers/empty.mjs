// The job of piscina and tinypool.

export default function empty() {}

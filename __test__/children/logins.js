'use strict';

// A thousand logins at once on 16 threads, with a budget of four times what one takes. Takes the
// policy and its bytes; prints how many were right, the most bytes that were in flight, and how much
// the resident memory peaked above the start's.

const { password, pool } = require('../support/offloop.js');

const LOGINS = 1000;
const [policy, bytes] = process.argv.slice(2).map((argument) => JSON.parse(argument));

(async () => {
  pool.configure({ threads: 16, maxQueue: LOGINS, memory: 4 * bytes });
  const before = process.memoryUsage().rss;
  const hash = await password.hash('secret', policy);
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, pool.stats().interactive.bytesInFlight)), 1);
  const logins = Array.from({ length: LOGINS }, (_, index) => password.verify(hash, index % 2 ? 'secret' : 'wrong'));
  const verified = (await Promise.all(logins)).filter(Boolean).length;
  clearInterval(watch);
  const peak = process.resourceUsage().maxRSS * 1024 - before;
  console.log(JSON.stringify({ verified, most, peak }));
})();

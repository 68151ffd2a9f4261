// How much of the machine others use while a row is measured. Native threads of low priority get
// what others leave, so on a busy machine a row says more about the others than about offloop.

import { readFileSync } from 'node:fs';
import os from 'node:os';

/** Of a tick of /proc/stat, in milliseconds: Linux tells programs of 100 a second everywhere. */
const TICK = 10;

/** CPU time of the machine since it started, in milliseconds. */
function machineTime() {
  if (process.platform === 'linux') {
    // os.cpus() leaves out the steal: the time that the host of a virtual machine gave to others.
    const [, user, nice, system, idle, iowait, irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
      .split('\n', 1)[0]
      .split(/ +/)
      .map(Number);
    const busy = user + nice + system + irq + softirq + steal;
    return { busy: busy * TICK, all: (busy + idle + iowait) * TICK };
  }
  const time = { busy: 0, all: 0 };
  for (const { times } of os.cpus()) {
    const { idle, user, nice, sys, irq } = times;
    time.busy += user + nice + sys + irq;
    time.all += user + nice + sys + irq + idle;
  }
  return time;
}

function ownTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

/** @returns {() => number} the share of the machine, from 0 to 1, that others have used since */
export function watchOthers() {
  const start = machineTime();
  const ownStart = ownTime();
  return () => {
    const end = machineTime();
    const others = end.busy - start.busy - (ownTime() - ownStart);
    return Math.max(0, others / (end.all - start.all || 1));
  };
}

// Loaded into each server before its own script: watches the event loop when told to.
//
// A stall is the longest gap between two turns of the loop, taken by a chain of setImmediate.

let watching = false;
let lastTurn = 0;
let longest = 0;

function noteTurn() {
  const now = performance.now();
  longest = Math.max(longest, now - lastTurn);
  lastTurn = now;
}

function turn() {
  if (!watching) return;
  noteTurn();
  setImmediate(turn);
}

process.on('message', (command) => {
  if (command === 'start') {
    longest = 0;
    lastTurn = performance.now();
    watching = true;
    turn();
  } else {
    noteTurn();
    // The chain takes a whole core, which is no way to leave a server that stays up.
    watching = false;
  }
  process.send({ longest });
});

// The server ends when it has drained, whether or not somebody may still ask.
process.channel.unref();

// It does not outlive a parent that was killed.
process.once('disconnect', () => process.exit());

// Runs an app until SIGTERM or Ctrl-C, and lets the requests in progress finish.

export function serve(app, whenServed = () => {}) {
  const { PORT = '3000', HOST = '127.0.0.1' } = process.env;
  const server = app.listen(Number(PORT), HOST, (error) => {
    if (error) throw error;
    console.log(`Listening on http://${HOST}:${server.address().port}`);
  });

  async function drain() {
    // A second signal ends the process at once.
    for (const signal of SIGNALS) process.off(signal, drain);
    const served = new Promise((resolve) => server.close(resolve));
    // A client that keeps its connection would hold the server for seconds after the last answer.
    server.keepAliveTimeout = 1;
    console.log('Draining: no new connections, the requests in progress finish');
    await served;
    await whenServed();
    console.log('Drained');
  }
  for (const signal of SIGNALS) process.on(signal, drain);
}

const SIGNALS = ['SIGTERM', 'SIGINT'];

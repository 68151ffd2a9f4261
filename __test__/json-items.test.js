'use strict';

// The elements of an array, batch by batch.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { setImmediate: nextTurn } = require('node:timers/promises');
const { json } = require('./support/offloop.js');
const { collect, seeded } = require('./support/csv.js');
const { isSame, large, randomText } = require('./support/json.js');

const records = large['an array of records']();
const aborted = { code: 'ABORT_ERR', name: 'AbortError' };

describe('items() gives the elements that JSON.parse gives', () => {
  for (const name of ['an array of records', 'arrays in objects in arrays', 'half a million numbers', 'many that are empty', 'blanks',
    'a string of escaped pairs only', 'a key of megabytes']) {
    test(`of ${name}`, async () => {
      const text = large[name]();
      const document = await json.parse(text);
      isSame((await collect(document.items())).flat(1), JSON.parse(text));
    });
  } // prettier-ignore

  test('also where one of them is larger than all others together', async () => {
    const text = `[1,${records},"x",${JSON.stringify('é"'.repeat(500_000))},${large['one object of many keys']()},[],2]`;
    const document = await json.parse(text);
    const expected = JSON.parse(text);
    for (const batch of [1, 2, 3, 1000]) isSame((await collect(document.items('', { batch }))).flat(1), expected);
  });

  test('in random arrays, in batches of any size', async () => {
    const random = seeded(41);
    for (let round = 0; round < 200; round++) {
      const elements = Array.from({ length: random() * 30 }, () => randomText(random, { depth: 3 }));
      const document = await json.parse(`{"a/b":[${elements.join()}]}`);
      const batch = 1 + Math.floor(random() * 10);
      const batches = await collect(document.items('/a~1b', { batch }));
      isSame(
        batches.flat(1),
        elements.map((element) => JSON.parse(element))
      );
    }
  });

  test('from any array in the document', async () => {
    const document = await json.parse('{"a":[{"b":[1,[2],{"c":3}]}],"d":[]}');
    assert.deepEqual(await collect(document.items('/a/0/b')), [[1, [2], { c: 3 }]]);
    assert.deepEqual(await collect(document.items('/a')), [[{ b: [1, [2], { c: 3 }] }]]);
    assert.deepEqual(await collect(document.items('/d')), []);
  });
});

describe('batches', () => {
  const lengths = async (iterable) => (await collect(iterable)).map(({ length }) => length);

  test('have 1,000 elements where nothing else is said, and the last one the rest', async () => {
    const document = await json.parse(JSON.stringify(Array.from({ length: 2500 }, (_, index) => index)));
    assert.deepEqual(await lengths(document.items()), [1000, 1000, 500]);
    assert.deepEqual(await lengths(document.items('', { batch: 999 })), [999, 999, 502]);
    assert.deepEqual(await lengths(document.items('', { batch: 2500 })), [2500]);
    assert.deepEqual(await lengths(document.items('', { batch: 10_000 })), [2500]);
    assert.equal((await lengths(document.items('', { batch: 1 }))).length, 2500);
  });

  test('have as many of any size', async () => {
    const sizes = [1, 100_000, 3, 70_000, 200_000, 5, 1, 1, 65_536, 64];
    const document = await json.parse(JSON.stringify(sizes.map((size) => 'x'.repeat(size))));
    const batches = await collect(document.items('', { batch: 4 }));
    assert.deepEqual(
      batches.map((batch) => batch.map(({ length }) => length)),
      [sizes.slice(0, 4), sizes.slice(4, 8), sizes.slice(8)]
    );
  });

  test('are asked for several at once, and come in order', async () => {
    const document = await json.parse(records);
    const iterator = document.items();
    const steps = await Promise.all(Array.from({ length: 25 }, () => iterator.next()));
    assert.deepEqual(
      steps.map(({ done }) => done),
      Array.from({ length: 25 }, (_, index) => index >= 20)
    );
    isSame(
      steps.slice(0, 20).flatMap(({ value }) => value),
      JSON.parse(records)
    );
  });

  test('serve the event loop, also within one', async () => {
    const document = await json.parse(`[${Array(16).fill(records.slice(1, -1)).join()}]`);
    let turns = 0;
    let isDone = false;
    const count = () => {
      turns++;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const [batch] = await collect(document.items('', { batch: 1_000_000 }));
    isDone = true;
    assert.equal(batch.length, 320_000);
    assert.ok(turns >= 10, `${turns} turns`);
  });
});

describe('an iteration that is left', () => {
  test('by break, throw and return() leaves the document as it was', async () => {
    const document = await json.parse(records);
    for await (const batch of document.items('', { batch: 7 })) {
      assert.equal(batch.length, 7);
      break;
    }
    const own = new Error('on purpose');
    const loop = async () => {
      for await (const batch of document.items()) if (batch) throw own;
    };
    await assert.rejects(loop(), own);
    const iterator = document.items();
    await iterator.next();
    assert.equal((await iterator.return()).done, true);
    assert.equal((await iterator.next()).done, true);
    assert.equal((await collect(document.items())).length, 20);
  });

  test('by its signal: before, and between batches', async () => {
    const document = await json.parse(records);
    await assert.rejects(collect(document.items('', { signal: AbortSignal.abort() })), aborted);
    const controller = new AbortController();
    let seen = 0;
    const loop = async () => {
      for await (const batch of document.items('', { batch: 10, signal: controller.signal })) {
        seen += batch.length;
        if (seen === 50) controller.abort();
      }
    };
    await assert.rejects(loop(), aborted);
    assert.equal(seen, 50);
  });

  test('by its signal within a batch', async () => {
    const document = await json.parse(records);
    const controller = new AbortController();
    const waiting = collect(document.items('', { batch: 1_000_000, signal: controller.signal }));
    setImmediate(() => controller.abort());
    await assert.rejects(waiting, aborted);
  });

  test('because the document is closed', async () => {
    const closed = { code: 'ERR_OFFLOOP_CLOSED' };
    const document = await json.parse(records);
    const iterator = document.items('', { batch: 10 });
    assert.equal((await iterator.next()).value.length, 10);
    await nextTurn();
    document.close();
    await assert.rejects(async () => {
      // What was made already may still come.
      for (let step = await iterator.next(); !step.done; step = await iterator.next());
    }, closed);
    await assert.rejects(async () => collect(document.items()), closed);
  });
});

test('what is no array is refused when the first batch is asked for', async () => {
  const document = await json.parse('{"object":{},"string":"a","number":1,"null":null,"array":[]}');
  for (const pointer of ['', '/object', '/string', '/number', '/null', '/nope', '/array/0']) {
    const iterator = document.items(pointer);
    await assert.rejects(iterator.next(), { code: 'ERR_INVALID_ARG_VALUE', message: /^Expected .+ but received /s });
    assert.equal((await iterator.next()).done, true);
  }
});

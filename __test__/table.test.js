'use strict';

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { once } = require('node:events');
const { setImmediate: nextTurn } = require('node:timers/promises');
const { Worker } = require('node:worker_threads');
const fc = require('fast-check');
const { OffloopError, Table } = require('../index.js');
const { succeeds } = require('./support/child.js');
const { payload, table } = require('./support/payload.js');
const { says } = require('./support/refusals.js');

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';

/** Rows of every type, of which the second half of the columns has nulls. */
function everyType(rows) {
  const kinds = {
    int32: (row) => row * 7 - 100,
    float64: (row) => row / 8,
    int64: (row) => 2n ** 53n + BigInt(row),
    timestamp: (row) => Date.UTC(1969, 11, 31) + row * 3_600_001,
    boolean: (row) => row % 3 === 0,
    string: (row) => ['', 'plain', 'größer', '漢字', '😀 four bytes'][row % 5] + row,
    dictionary: (row) => ['red', 'grün', '', '🙂'][row % 4],
  };
  const make = (suffix, use) =>
    Object.entries(kinds).map(([type, value]) => ({
      name: `${type}${suffix}`,
      type,
      values: Array.from({ length: rows }, (_, row) => use(row, value)),
    }));
  return [...make('', (row, value) => value(row)), ...make('?', (row, value) => (row % 5 === 2 ? null : value(row)))];
}

/** The rows that columns stand for. */
function rowsOf(columns) {
  const entries = (row) => columns.map(({ name, values }) => [name, values[row]]);
  return Array.from(columns[0].values, (_, row) => Object.fromEntries(entries(row)));
}

async function collect(iterable) {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
}

const small = () =>
  table([
    { name: 'id', type: 'int32', values: [1, 2, 3] },
    { name: 'name', type: 'string', values: ['a', null, 'c'] },
  ]);

describe('a table', () => {
  test('says what it has', () => {
    const it = table(everyType(3), { metadata: { delimiter: ';' } });
    assert.deepEqual([it.numRows, it.numColumns], [3, 14]);
    assert.deepEqual(it.columnNames.slice(0, 2), ['int32', 'float64']);
    assert.deepEqual(it.schema[5], { name: 'string', type: 'string', nullable: false });
    assert.deepEqual(it.schema[12], { name: 'string?', type: 'string', nullable: true });
    assert.deepEqual(it.metadata, { delimiter: ';' });
    assert.deepEqual([it.errors, it.errorCount], [[], 0]);
    assert.ok([it, it.columnNames, it.schema, it.schema[0], it.metadata, it.errors].every(Object.isFrozen));
  });

  test('has the errors of records that were left out', () => {
    const errors = [{ message: 'Expected 2 fields', line: 5, column: 1, byteOffset: 40 }];
    const [error] = table([], { errorCount: 7, errors }).errors;
    assert.ok(error instanceof OffloopError);
    const { code, message, line, column, byteOffset } = error;
    assert.deepEqual({ code, message, line, column, byteOffset }, { code: 'ERR_OFFLOOP_CSV', ...errors[0] });
    assert.equal(table([], { errorCount: 7, errors }).errorCount, 7);
  });

  test('of no rows, and of no columns', async () => {
    const empty = table(everyType(0));
    assert.deepEqual([[...empty], await collect(empty.rows()), empty.column('string').toArray()], [[], [], []]);
    const bare = table([]);
    assert.deepEqual([bare.numRows, bare.numColumns, [...bare]], [0, 0, []]);
    assert.deepEqual([...Table.from(await empty.toMessage())], []);
    assert.equal(Table.from(await bare.share()).numColumns, 0);
  });

  test('is made by nobody but the library', () => {
    assert.throws(() => new Table(), says(TYPE, 'layout'));
    assert.throws(() => new (small().column('id').constructor)(), says(TYPE, 'data'));
  });
});

describe('rows', () => {
  test('of every type, by iteration, by index and in batches', async () => {
    const columns = everyType(2500);
    const expected = rowsOf(columns);
    const it = table(columns);
    assert.deepEqual([...it], expected);
    for (const row of [0, 1, 2, 1023, 1024, 2499]) assert.deepEqual(it.row(row), expected[row]);
    const batches = await collect(it.rows({ batch: 999 }));
    assert.deepEqual(
      batches.map(({ length }) => length),
      [999, 999, 502]
    );
    assert.deepEqual(batches.flat(), expected);
  });

  test('any texts, cut anywhere, as Buffer.toString decodes them', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('é', '€', '😀', '\u{10ffff}', '\ufeff', '\0')
    );
    const property = fc.property(fc.array(fc.option(text), { maxLength: 60 }), fc.nat(), (values, seed) => {
      const it = table([{ name: 'text', type: 'string', values }]);
      const from = seed % (values.length + 1);
      assert.deepEqual(
        Array.from(it.slice(from), ({ text }) => text),
        values.slice(from)
      );
      values.forEach((value, row) => assert.equal(it.column('text').get(row), value));
    });
    fc.assert(property, { numRuns: 300 });
  });

  test('texts around the edges of the blocks that are decoded at once', () => {
    for (const edge of [16 << 10, 256 << 10]) {
      for (const character of ['a', 'é', '漢', '😀']) {
        for (const more of [-4, -3, -2, -1, 0, 1]) {
          const values = ['x'.repeat(edge + more - 8), `12345678${character}`, character, '', character.repeat(9)];
          const it = table([{ name: 'text', type: 'string', values }]);
          assert.deepEqual(it.column('text').toArray(), values);
          assert.deepEqual(
            Array.from(it, ({ text }) => text),
            values
          );
        }
      }
    }
    const long = Array.from({ length: 3000 }, (_, row) => `${'ü'.repeat(row % 50)}${'😀'.repeat(row % 3)}${row}`);
    assert.deepEqual(
      table([{ name: 'text', type: 'string', values: long }])
        .column('text')
        .toArray(),
      long
    );
  });

  const awkward = ['__proto__', 'constructor', 'toString', '', '0', '17', 'a', 'a_2', 'a"b\\', '\u2028', '\ud800'];
  const awkwardColumns = awkward.map((name, index) => ({ name, type: 'int32', values: [index, -index] }));

  test('have an own property for each column, whatever its name', () => {
    const it = table(awkwardColumns);
    for (const [row, sign] of [1, -1].entries()) {
      const made = it.row(row);
      assert.equal(Object.getPrototypeOf(made), Object.prototype);
      assert.deepEqual(new Set(Object.keys(made)), new Set(awkward));
      awkward.forEach((name, index) => {
        const { value } = Object.getOwnPropertyDescriptor(made, name);
        assert.equal(value, sign * index + 0);
      });
    }
  });

  test('of hundreds and of thousands of columns', () => {
    for (const count of [99, 100, 101, 1500]) {
      const columns = Array.from({ length: count }, (_, index) => ({
        name: index === 5 ? '__proto__' : `c${index}`,
        type: ['int32', 'string'][index % 2],
        values: [index, index + 1, index + 2].map((value) => (index % 2 ? `text ${value}` : value)),
      }));
      assert.deepEqual(Array.from(table(columns), Object.entries), rowsOf(columns).map(Object.entries));
    }
  });

  test('in a process that may not make code from strings', async () => {
    const plain = JSON.parse(await succeeds('rows.js'));
    assert.equal(plain.generated, true);
    const flags = ['--disallow-code-generation-from-strings'];
    const restricted = JSON.parse(await succeeds('rows.js', { flags }));
    assert.deepEqual(restricted, { ...plain, generated: false });
    assert.deepEqual(restricted.prototypes, [true, true]);
    const [first] = restricted.rows;
    assert.deepEqual(first, Object.entries({ id: 1, ['__proto__']: 'first', constructor: null, '': 0.5 }));
  });

  test('tables of the same names and other types', () => {
    for (const [type, value] of [['int32', 5], ['string', 'five'], ['boolean', true], ['int64', 5n], ['float64', null]]) {
      assert.deepEqual([...table([{ name: 'same', type, values: [value] }])], [{ same: value }]);
    } // prettier-ignore
  });

  test('what is made of one column while another is iterated over', () => {
    const columns = everyType(3000);
    const it = table(columns);
    const expected = rowsOf(columns);
    let index = 0;
    for (const row of it) {
      assert.deepEqual(row, expected[index]);
      if (index % 100 === 0) assert.deepEqual(it.row(2999 - index), expected[2999 - index]);
      index++;
    }
    const seen = [];
    for (const value of it.column('string')) {
      seen.push(value);
      if (seen.length === 3) it.column('string').get(2000);
    }
    assert.deepEqual(seen, columns[5].values);
  });

  test('an index that is no row', () => {
    for (const [index, code] of [[3, RANGE], [-1, RANGE], [0.5, RANGE], [NaN, RANGE], ['0', TYPE], [undefined, TYPE]]) {
      assert.throws(() => small().row(index), says(code, 'index'));
    } // prettier-ignore
    assert.throws(() => small().slice(1, 2).row(1), says(RANGE, 'index'));
  });
});

describe('rows()', () => {
  test('serves the event loop', async () => {
    const values = Array.from({ length: 400_000 }, (_, row) => row);
    const it = table(Array.from({ length: 8 }, (_, index) => ({ name: `c${index}`, type: 'float64', values })));
    let turns = 0;
    let ended = false;
    const count = async () => {
      for (; !ended; turns++) await nextTurn();
    };
    const counting = count();
    // One array of all rows is made in parts too.
    const [all] = await collect(it.rows({ batch: 400_000 }));
    ended = true;
    await counting;
    assert.equal(all.length, 400_000);
    assert.ok(turns >= 3, `${turns} turns`);
  });

  test('gives a thousand rows at a time', async () => {
    const it = table([{ name: 'n', type: 'int32', values: Array(2001).fill(0) }]);
    const batches = await collect(it.rows());
    assert.deepEqual(
      batches.map(({ length }) => length),
      [1000, 1000, 1]
    );
  });

  test('is aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const iterator = small().rows({ batch: 1, signal: controller.signal });
    assert.deepEqual((await iterator.next()).value, [{ id: 1, name: 'a' }]);
    controller.abort(reason);
    await assert.rejects(iterator.next(), { name: 'AbortError', code: 'ABORT_ERR', cause: reason });
    assert.equal((await iterator.next()).done, true);
  });

  test('refuses wrong options', async () => {
    for (const [options, code, name] of [
      [null, TYPE, 'options'],
      [5, TYPE, 'options'],
      [{ batch: '5' }, TYPE, 'options.batch'],
      [{ batch: 0 }, RANGE, 'options.batch'],
      [{ batch: 1.5 }, RANGE, 'options.batch'],
      [{ signal: {} }, TYPE, 'options.signal'],
    ]) {
      await assert.rejects(small().rows(options).next(), says(code, name));
    }
  });
});

describe('slices and selections', () => {
  test('are those of the arrays, at any offset', () => {
    const columns = everyType(40);
    const expected = rowsOf(columns);
    const it = table(columns);
    const bound = fc.option(fc.integer({ min: -45, max: 45 }), { nil: undefined });
    const property = fc.property(bound, bound, bound, (from, to, again) => {
      const [slice, oracle] = [it.slice(from, to), expected.slice(from, to)];
      assert.deepEqual([...slice], oracle);
      assert.equal(slice.numRows, oracle.length);
      assert.deepEqual([...slice.slice(again)], oracle.slice(again));
    });
    fc.assert(property, { numRuns: 300 });
  });

  test('share the memory', () => {
    const it = small();
    const [whole, slice] = [it.column('id').values, it.slice(1).select(['id']).column('id').values];
    assert.equal(slice.buffer, whole.buffer);
    assert.equal(slice.byteOffset, whole.byteOffset + 4);
  });

  test('select gives columns in its own order', () => {
    const it = small().select(['name', 'id']);
    assert.deepEqual(it.columnNames, ['name', 'id']);
    assert.deepEqual(Object.keys(it.row(0)), ['name', 'id']);
    assert.deepEqual([...it.slice(2)], [{ name: 'c', id: 3 }]);
    assert.equal(small().select([]).numRows, 3);
  });

  test('refuse what is not there', () => {
    const wide = table(Array.from({ length: 8 }, (_, index) => ({ name: `c${index}`, type: 'int32', values: [1] })));
    const message =
      "Expected the name of a column ('c0', 'c1', 'c2', 'c3', 'c4' and 3 more) for name but received type string ('nope')";
    assert.throws(() => wide.column('nope'), { code: VALUE, message });
    assert.throws(() => table([]).column('nope'), { code: VALUE, message: /there are none/ });
    assert.throws(() => small().column('toString'), says(VALUE, 'name'));
    assert.throws(() => small().column(0), says(TYPE, 'name'));
    assert.throws(() => small().select(['id', 'nope']), says(VALUE, 'names[1]'));
    assert.throws(() => small().select(['id']).column('name'), says(VALUE, 'name'));
    assert.throws(() => small().select(['id', 'id']), says(VALUE, 'names'));
    assert.throws(() => small().select('id'), says(TYPE, 'names'));
    assert.throws(() => small().slice('1'), says(TYPE, 'from'));
    assert.throws(() => small().slice(0, 1.5), says(RANGE, 'to'));
  });
});

describe('messages', () => {
  const columns = everyType(100);

  test('hold the rows and columns that the table has', async () => {
    const it = table(columns, { metadata: { delimiter: ',' }, errorCount: 2 });
    for (const [from, to] of [[0, 100], [8, 64], [3, 50], [13, 14], [99, 100], [5, 5]]) {
      const slice = it.slice(from, to);
      for (const way of ['toMessage', 'share']) {
        const again = Table.from(await slice[way]());
        assert.deepEqual([...again], rowsOf(columns).slice(from, to));
        assert.deepEqual([again.metadata, again.errorCount], [{ delimiter: ',' }, 2]);
        for (const name of it.columnNames) {
          assert.equal(again.column(name).nullCount, slice.column(name).nullCount);
        }
      }
    } // prettier-ignore
    const selected = await it.select(['string?']).slice(1, 4).toMessage();
    assert.deepEqual(Table.from(selected).columnNames, ['string?']);
    assert.ok(selected.memory.byteLength <= 3 * 64, `${selected.memory.byteLength} bytes`);
  });

  test('keep the errors', async () => {
    const errors = [{ message: 'wrong', line: 1, column: 2, byteOffset: 3 }];
    const [error] = Table.from(await table([], { errorCount: 1, errors }).toMessage()).errors;
    assert.deepEqual([error.code, error.message, error.line], ['ERR_OFFLOOP_CSV', 'wrong', 1]);
  });

  test('reach another thread: moved or shared, and come back', async () => {
    const source = `
      const { parentPort } = require('node:worker_threads');
      const { Table } = require(${JSON.stringify(require.resolve('../index.js'))});
      parentPort.on('message', async (message) => {
        const answer = await Table.from(message).slice(1).toMessage();
        parentPort.postMessage(answer, [answer.memory]);
      });`;
    const worker = new Worker(source, { eval: true });
    const it = table(columns);
    const moved = await it.toMessage();
    const shared = await it.share();
    worker.postMessage(moved, [moved.memory]);
    const [first] = await once(worker, 'message');
    worker.postMessage(shared);
    const [second] = await once(worker, 'message');
    await worker.terminate();
    const expected = rowsOf(columns).slice(1);
    assert.deepEqual([...Table.from(first)], expected);
    assert.deepEqual([...Table.from(second)], expected);
    assert.deepEqual([...Table.from(shared)], rowsOf(columns), 'what is shared stays here too');
    assert.throws(() => Table.from(moved), says(VALUE, 'message'));
  });

  test('are packed with the event loop served', async () => {
    const values = Array.from({ length: 2_000_000 }, (_, row) => row);
    const it = table(Array.from({ length: 8 }, (_, index) => ({ name: `c${index}`, type: 'float64', values })));
    let turns = 0;
    let ended = false;
    const count = async () => {
      for (; !ended; turns++) await nextTurn();
    };
    const counting = count();
    const { memory } = await it.toMessage();
    ended = true;
    await counting;
    assert.equal(memory.byteLength, 8 * 8 * 2_000_000);
    assert.ok(turns >= 3, `${turns} turns`);
  });

  describe('that are not what they seem', () => {
    /** A message with some of its description replaced. */
    function altered(change, type = 'string') {
      const [meta, memory] = payload([{ name: 'c', type, values: [type === 'string' ? 'text' : 5, null] }]);
      const description = JSON.parse(meta);
      change(description, description.columns[0]);
      return { meta: JSON.stringify(description), memory };
    }

    test('are refused', () => {
      for (const message of [undefined, null, 5, 'text']) {
        assert.throws(() => Table.from(message), says(TYPE, 'message'));
      }
      const { meta, memory } = altered(() => {});
      assert.equal(Table.from({ meta, memory }).row(0).c, 'text');
      assert.throws(() => Table.from({ meta: 5, memory }), says(TYPE, 'message.meta'));
      for (const bad of [{}, { meta }, { meta, memory: new Uint8Array(memory) }, { meta: '{', memory }, { meta: 'null', memory }]) {
        assert.throws(() => Table.from(bad), says(VALUE, 'message'), JSON.stringify(bad));
      } // prettier-ignore
      if ('resizable' in ArrayBuffer.prototype) {
        const resizable = new ArrayBuffer(memory.byteLength, { maxByteLength: memory.byteLength });
        assert.throws(() => Table.from({ meta, memory: resizable }), says(VALUE, 'message'));
      }
    });

    const changes = {
      'no number of rows': (table) => delete table.numRows,
      'more rows than the memory has': (table) => (table.numRows = 1000),
      'a negative number of rows': (table) => (table.numRows = -1),
      'half a row': (table) => (table.numRows = 1.5),
      'no columns': (table) => delete table.columns,
      'a column that is none': (table) => (table.columns = [null]),
      'two columns of one name': (table, column) => (table.columns = [column, column]),
      'metadata that is no text': (table) => (table.metadata = { delimiter: 5 }),
      'an error without a place': (table) => (table.errors = [{ message: 'wrong' }]),
      'a count of errors that is none': (table) => (table.errorCount = -1),
      'no name': (_, column) => delete column.name,
      'a type that does not exist': (_, column) => (column.type = 'toString'),
      'another type': (_, column) => (column.type = 'int32'),
      'more nulls than rows': (_, column) => (column.nullCount = 3),
      'another memory': (_, column) => (column.memory = 1),
      'a memory by a name': (_, column) => (column.memory = 'length'),
      'validity outside of the memory': (_, column) => (column.validity = 1 << 20),
      'no validity': (_, column) => (column.validity = -1),
      'offsets outside of the memory': (_, column) => (column.offsets = 1 << 20),
      'offsets at an odd place': (_, column) => (column.offsets += 4),
      'offsets before the memory': (_, column) => (column.offsets = -64),
      'text that ends outside of the memory': (_, column) => (column.bytesLength = 1 << 20),
      'text of no length': (_, column) => (column.bytesLength = NaN),
      'a dictionary without a length': (_, column) => Object.assign(column, { type: 'dictionary', values: 0 }, { dictionaryLength: -1 }),
    }; // prettier-ignore
    for (const [what, change] of Object.entries(changes)) {
      test(what, () => assert.throws(() => Table.from(altered(change)), says(VALUE, 'message')));
    }

    test('numbers that do not fit', () => {
      for (const position of [-64, 8, 1 << 20, '0', null]) {
        const message = altered((_, column) => (column.values = position), 'float64');
        assert.throws(() => Table.from(message), says(VALUE, 'message'));
      }
    });

    test('offsets, codes and bytes of any kind harm nobody', async () => {
      const [meta, memory] = payload([
        { name: 's', type: 'string', values: ['one', 'zwölf', 'drei', '😀'] },
        { name: 'd', type: 'dictionary', values: ['a', 'b', 'a', 'b'] },
      ]);
      const property = fc.asyncProperty(fc.uint8Array({ minLength: 384, maxLength: 384 }), async (bytes) => {
        const copy = memory.slice();
        new Uint8Array(copy).set(bytes.subarray(0, copy.byteLength));
        const it = Table.from({ meta, memory: copy });
        assert.equal([...it].length, 4);
        for (const column of it.columnNames) assert.equal(it.column(column).toArray().length, 4);
        it.row(3);
        Table.from(await it.slice(1, 3).toMessage());
      });
      await fc.assert(property, { numRuns: 200 });
    });
  });
});

describe('memory that was transferred away', () => {
  test('is missed, with an error that says so', async () => {
    const it = table(everyType(10));
    const column = it.column('int32');
    assert.equal(column.get(0), -100);
    const { buffer } = column.values;
    structuredClone(buffer, { transfer: [buffer] });
    const gone = says(VALUE, "the table's memory");
    assert.throws(() => it.row(0), gone);
    assert.throws(() => [...it], gone);
    assert.throws(() => column.get(0), gone);
    assert.throws(() => column.toArray(), gone);
    assert.equal(column.values[0], undefined, 'a view that was there already has no elements');
    for (const name of it.columnNames) {
      assert.throws(() => it.column(name).get(0), gone);
      if (name !== 'int32') assert.throws(() => it.column(name).values, gone);
    }
    for (const call of [() => it.rows().next(), () => it.toMessage(), () => it.share(), () => it.toArrow()]) {
      await assert.rejects(call(), gone);
    }
  });

  test('in the middle of an iteration', async () => {
    const it = table(everyType(3000));
    const iterator = it.rows({ batch: 10 });
    await iterator.next();
    const { buffer } = it.column('float64').values;
    structuredClone(buffer, { transfer: [buffer] });
    await assert.rejects(iterator.next(), says(VALUE, "the table's memory"));
  });

  test('while a message is packed', async () => {
    const it = table([{ name: 'n', type: 'float64', values: Array(2_000_000).fill(1) }]);
    const packing = it.toMessage();
    const { buffer } = it.column('n').values;
    structuredClone(buffer, { transfer: [buffer] });
    await assert.rejects(packing, says(VALUE, "the table's memory"));
  });
});

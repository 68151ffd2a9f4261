'use strict';

// The one place where failures become JavaScript errors. docs/errors.md lists every code.

const { inspect, getSystemErrorMap, types } = require('node:util');

/** Marks what is known of a failure, so that a plain object that the caller's code throws is not taken for one. */
const FAILURE = 'isOffloopFailure';

/**
 * A failure of a job. Match on `code`, which never changes; the message may.
 */
class OffloopError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {object} [details] further fields of the error
   */
  constructor(code, message, details) {
    super(message);
    this.code = code;
    Object.assign(this, details);
  }
}
Object.defineProperty(OffloopError.prototype, 'name', {
  value: 'OffloopError',
  configurable: true,
  writable: true,
});

/**
 * Node's way to show a value in an error: a primitive in short, of anything else the type only, so
 * that no bytes of an input end up in a log.
 *
 * @param {unknown} value
 */
function received(value) {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value === 'object') {
    // A secret that `veiled` has boxed.
    if (types.isBoxedPrimitive(value)) return `a ${typeof value.valueOf()}`;
    const name = value.constructor?.name;
    return name ? `an instance of ${name}` : inspect(value, { depth: -1 });
  }
  const shown = inspect(value, { colors: false });
  return `type ${typeof value} (${shown.length > 28 ? `${shown.slice(0, 25)}...` : shown})`;
}

/**
 * What an error shows of a value that may be a secret: its type only, also of a primitive.
 *
 * @param {unknown} value
 * @returns {unknown} to be given to the functions below
 */
function veiled(value) {
  return value === null || value === undefined ? value : Object(value);
}

/**
 * @param {TypeErrorConstructor | RangeErrorConstructor} Class
 * @param {string} code one of Node's
 * @param {string} name the argument
 * @param {string} expected
 * @param {unknown} value what came
 */
function argumentError(Class, code, name, expected, value) {
  const error = new Class(`Expected ${expected} for ${name} but received ${received(value)}`);
  return Object.assign(error, { code });
}

/**
 * @param {string} name the argument
 * @param {string} expected
 * @param {unknown} value what came
 */
function invalidType(name, expected, value) {
  return argumentError(TypeError, 'ERR_INVALID_ARG_TYPE', name, expected, value);
}

/**
 * @param {string} name the argument
 * @param {string} expected
 * @param {unknown} value what came
 */
function invalidValue(name, expected, value) {
  return argumentError(TypeError, 'ERR_INVALID_ARG_VALUE', name, expected, value);
}

/**
 * @param {string} name the argument
 * @param {string} expected
 * @param {unknown} value what came
 */
function outOfRange(name, expected, value) {
  return argumentError(RangeError, 'ERR_OUT_OF_RANGE', name, expected, value);
}

/**
 * What is known of a failure where it happens: in native code, or where a job is given up.
 *
 * @typedef {object} Failure
 * @property {true} isOffloopFailure
 * @property {string} code
 * @property {string} [message]
 * @property {unknown} [cause] an aborted signal's reason
 * @property {number} [errno] the system's, negative, as in Node
 * @property {string} [syscall]
 * @property {string} [path]
 * @property {number} [line] of CSV or JSON, 1-based
 * @property {number} [column] in characters, 1-based
 * @property {number} [byteOffset] in the input
 * @property {number} [maxOutputLength] that the output is larger than
 */

/** @type {WeakSet<object>} */
const built = new WeakSet();

/**
 * A failure as the error that the caller sees. Called where the caller awaits, so that the stack
 * leads there. What JavaScript has thrown passes as it is.
 *
 * @param {unknown} failure
 * @param {Function} above frames from here inwards are left out of the stack
 * @returns {unknown}
 */
function toError(failure, above) {
  if (failure === null || typeof failure !== 'object' || !(FAILURE in failure)) return failure;
  const error = build(/** @type {Failure} */ (failure));
  built.add(error);
  Error.captureStackTrace(error, above);
  return error;
}

/**
 * Gives an error of `toError` the stack of whom it is handed to later, and leaves others alone.
 *
 * @param {unknown} error
 * @param {Function} above frames from here inwards are left out of the stack
 */
function retrace(error, above) {
  if (built.has(/** @type {object} */ (error))) Error.captureStackTrace(/** @type {object} */ (error), above);
  return error;
}

/** @param {Failure} failure */
function build(failure) {
  const { code, message = '', ...details } = { ...failure, [FAILURE]: undefined };
  delete details[FAILURE];
  if (code === 'ABORT_ERR') return abortError(details.cause);
  if (code === 'ERR_INVALID_ARG_VALUE') return Object.assign(new TypeError(message), { code });
  if (details.maxOutputLength !== undefined) return Object.assign(new RangeError(message), { code, ...details });
  if (details.syscall !== undefined) return systemError(code, message, details);
  return new OffloopError(code, message, details);
}

/**
 * What Node's own functions reject with when their signal is aborted.
 *
 * @param {unknown} reason `signal.reason`
 */
function abortError(reason) {
  const error = new Error('The operation was aborted', { cause: reason });
  error.name = 'AbortError';
  return Object.assign(error, { code: 'ABORT_ERR' });
}

/**
 * The system's error with the code and the text that Node's fs functions give it.
 *
 * @param {string} code
 * @param {string} message
 * @param {Omit<Failure, 'isOffloopFailure' | 'code' | 'message'>} details
 */
function systemError(code, message, details) {
  const { errno, syscall, path } = details;
  const known = errno === undefined ? undefined : getSystemErrorMap().get(errno);
  if (known === undefined) return new OffloopError(code, `${code}: ${message}`, details);
  const [name, text] = known;
  const where = path === undefined ? syscall : `${syscall} '${path}'`;
  return new OffloopError(name, `${name}: ${text}, ${where}`, details);
}

/**
 * What Node's fs functions throw under its permission model.
 *
 * @param {'fs.read' | 'fs.write'} access
 * @param {string} resource a path
 */
function accessDenied(access, resource) {
  const error = new Error('Access to this API has been restricted');
  const permission = access === 'fs.read' ? 'FileSystemRead' : 'FileSystemWrite';
  return Object.assign(error, { code: 'ERR_ACCESS_DENIED', permission, resource });
}

/**
 * @param {string} code
 * @param {Partial<Failure>} [details]
 * @returns {Failure}
 */
function failure(code, details) {
  return { [FAILURE]: true, code, ...details };
}

module.exports = {
  OffloopError,
  accessDenied,
  argumentError,
  failure,
  invalidType,
  invalidValue,
  outOfRange,
  retrace,
  toError,
  veiled,
};

/**
 * Mutants of one file, with the tests that must notice them.
 * @param {string} file
 * @param {readonly string[]} tests patterns of their paths, for jest
 * @param {readonly (readonly [what: string, was: string, becomes: string, more?: { tests?: readonly string[], harmless?: string }])[]} list
 */
export function of(file, tests, list) {
  return list.map(([what, was, becomes, more = {}]) => ({ file, what, was, becomes, tests, ...more }));
}

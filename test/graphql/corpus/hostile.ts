/** A request that is refused, the same over both transports: with this code, and a message that says what is wrong. */
export interface Hostile {
  readonly what: string;
  readonly query: string;
  readonly variables?: Record<string, unknown>;
  readonly operationName?: string;
  readonly code:
    "GRAPHQL_PARSE_FAILED" | "GRAPHQL_VALIDATION_FAILED" | "BAD_USER_INPUT" | "OPERATION_RESOLUTION_FAILURE";
  readonly says: RegExp;
}

const UNKNOWN = "00000000-0000-7000-8000-00000000ffff";
const times = (count: number, piece: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => piece(i)).join(" ");
const nested = (levels: number): string => "lastJob { collection { ".repeat(levels) + "id" + " } }".repeat(levels);
const bomb = times(25, (i) => `fragment f${i} on Collection { lastJob { collection { ...f${i + 1} ...f${i + 1} } } }`);

/** H5: what costs more than it is worth. */
export const TOO_MUCH: readonly Hostile[] = [
  {
    what: "depth",
    query: `{ collections { nodes { ${nested(8)} } } }`,
    code: "GRAPHQL_VALIDATION_FAILED",
    says: /levels deep; the limit is 12/,
  },
  {
    what: "depth through fragments",
    query: `{ collections { nodes { ...f0 } } } ${times(8, (i) => `fragment f${i} on Collection { lastJob { collection { ...f${i + 1} } } }`)} fragment f8 on Collection { id }`,
    code: "GRAPHQL_VALIDATION_FAILED",
    says: /levels deep/,
  },
  {
    what: "fragments that double at every step",
    query: `{ collections { nodes { ...f0 } } } ${bomb} fragment f25 on Collection { id }`,
    code: "GRAPHQL_VALIDATION_FAILED",
    says: /levels deep/,
  },
  {
    what: "fragments that come back to themselves",
    query: "{ collections { nodes { ...a } } } fragment a on Collection { ...b } fragment b on Collection { ...a }",
    code: "GRAPHQL_VALIDATION_FAILED",
    says: /Cannot spread fragment/,
  },
  {
    what: "the same field over and over",
    query: `{ collections { nodes { ${"lastJob { id } ".repeat(490)} } } }`,
    code: "GRAPHQL_VALIDATION_FAILED",
    says: /same fields in the same place/,
  },
  {
    what: "the same field over and over, deep down, by fragments",
    query: `{ collections { nodes { ${times(50, (i) => `...f${i}`)} } } } ${times(50, (i) => `fragment f${i} on Collection { lastJob { id } lastJob { id } }`)}`,
    code: "GRAPHQL_VALIDATION_FAILED",
    says: /same fields in the same place/,
  },
  {
    what: "fragments beyond number",
    query: `{ collections { nodes { ...f0 } } } ${times(60, (i) => `fragment f${i} on Collection { id }`)}`,
    code: "GRAPHQL_VALIDATION_FAILED",
    says: /60 fragments; the limit is 50/,
  },
  {
    what: "aliases",
    query: `{ ${times(31, (i) => `a${i}: viewer { name }`)} }`,
    code: "GRAPHQL_VALIDATION_FAILED",
    says: /31 aliases; the limit is 30/,
  },
  {
    what: "directives",
    query: `{ viewer { name ${times(51, () => "@include(if: true)")} } }`,
    code: "GRAPHQL_VALIDATION_FAILED",
    says: /51 directives; the limit is 50/,
  },
  {
    what: "tokens",
    query: `{ viewer { ${"name ".repeat(2_100)} } }`,
    code: "GRAPHQL_PARSE_FAILED",
    says: /2000 tokens/,
  },
  {
    what: "60 KB of aliases",
    query: `{ ${times(3_000, (i) => `a${i}: viewer { name }`)} }`.slice(0, 60_000),
    code: "GRAPHQL_PARSE_FAILED",
    says: /2000 tokens/,
  },
  {
    what: "10,000 directives",
    query: `{ viewer { name ${"@skip(if:false) ".repeat(3_000)} } }`,
    code: "GRAPHQL_PARSE_FAILED",
    says: /2000 tokens/,
  },
  {
    what: "pages of pages",
    query:
      "{ collections(first: 100) { nodes { jobs(first: 100) { nodes { tasks(first: 100) { nodes { id } } } } } } }",
    code: "GRAPHQL_VALIDATION_FAILED",
    says: /up to 1010100 rows; the limit is 50000/,
  },
  {
    what: "pages of pages by variables",
    query:
      "query ($n: Int!) { collections(last: $n) { edges { node { jobs(first: $n) { nodes { tasks(first: $n) { nodes { id } } } } } } } }",
    variables: { n: 90 },
    code: "GRAPHQL_VALIDATION_FAILED",
    says: /rows; the limit is 50000/,
  },
  {
    what: "pages of pages by a variable's default, in a fragment",
    query:
      "query ($n: Int = 100) { collections(first: $n) { nodes { ...c } } } fragment c on Collection { jobs(first: $n) { nodes { tasks(first: $n) { totalCount nodes { id } } } } }",
    code: "GRAPHQL_VALIDATION_FAILED",
    says: /rows; the limit is 50000/,
  },
];

/** H7: what can't be read as meant. */
export const ODD: readonly Hostile[] = [
  { what: "nothing", query: "", code: "GRAPHQL_PARSE_FAILED", says: /Unexpected <EOF>/ },
  { what: "no GraphQL", query: "select * from headway.task", code: "GRAPHQL_PARSE_FAILED", says: /Unexpected Name/ },
  { what: "a field that is none", query: "{ nonsense }", code: "GRAPHQL_VALIDATION_FAILED", says: /nonsense/ },
  {
    what: "an operation that is not in it",
    query: "query A { viewer { name } } query B { viewer { name } }",
    operationName: "C",
    code: "OPERATION_RESOLUTION_FAILURE",
    says: /operation/i,
  },
  {
    what: "two operations and no name",
    query: "query A { viewer { name } } query B { viewer { name } }",
    code: "OPERATION_RESOLUTION_FAILURE",
    says: /operation/i,
  },
  {
    what: "two operations of one name",
    query: "query A { viewer { name } } query A { viewer { name } }",
    operationName: "A",
    code: "GRAPHQL_VALIDATION_FAILED",
    says: /only one operation named "A"/,
  },
  { what: "an id that is none", query: '{ job(id: "42") { id } }', code: "BAD_USER_INPUT", says: /id/ },
  { what: "an id with a NUL", query: '{ job(id: "\\u0000") { id } }', code: "BAD_USER_INPUT", says: /id/ },
  {
    what: "a number as id",
    query: "query ($id: ID!) { job(id: $id) { id } }",
    variables: { id: 7 },
    code: "BAD_USER_INPUT",
    says: /id/,
  },
  {
    what: "an object as id",
    query: "query ($id: ID!) { job(id: $id) { id } }",
    variables: { id: { $ne: null } },
    code: "BAD_USER_INPUT",
    says: /\$id/,
  },
  {
    what: "a variable that is missing",
    query: "query ($id: ID!) { job(id: $id) { id } }",
    code: "BAD_USER_INPUT",
    says: /\$id/,
  },
  { what: "first: -1", query: "{ jobs(first: -1) { nodes { id } } }", code: "BAD_USER_INPUT", says: /first.*-1/ },
  {
    what: "first: 10,000",
    query: "{ jobs(first: 10000) { nodes { id } } }",
    code: "BAD_USER_INPUT",
    says: /first.*10000/,
  },
  {
    what: "first beyond 32 bits",
    query: "query ($n: Int) { jobs(first: $n) { nodes { id } } }",
    variables: { n: 2 ** 31 },
    code: "BAD_USER_INPUT",
    says: /\$n/,
  },
  {
    what: "first and last",
    query: "{ jobs(first: 1, last: 1) { nodes { id } } }",
    code: "BAD_USER_INPUT",
    says: /first.*last/,
  },
  {
    what: "a cursor that is none",
    query: '{ jobs(after: "next please") { nodes { id } } }',
    code: "BAD_USER_INPUT",
    says: /after|cursor/,
  },
  {
    what: "a cursor of another list",
    query: "query ($after: String) { collections(after: $after) { nodes { id } } }",
    variables: { after: Buffer.from('["jobs CREATED_AT DESC","2020-01-01",1]').toString("base64url") },
    code: "BAD_USER_INPUT",
    says: /after|cursor/,
  },
  {
    what: "a status that is none",
    query: "{ jobs(filter: { status: [SLEEPING] }) { nodes { id } } }",
    code: "GRAPHQL_VALIDATION_FAILED",
    says: /SLEEPING/,
  },
  {
    what: "a status that is none, as a variable",
    query: "query ($s: [JobStatus!]) { jobs(filter: { status: $s }) { nodes { id } } }",
    variables: { s: ["SLEEPING"] },
    code: "BAD_USER_INPUT",
    says: /SLEEPING/,
  },
  {
    what: "a date that is none",
    query: "query ($d: DateTime) { jobs(filter: { createdAfter: $d }) { nodes { id } } }",
    variables: { d: "yesterday" },
    code: "BAD_USER_INPUT",
    says: /yesterday/,
  },
  {
    what: "tasks of nothing in particular",
    query: "{ tasks(filter: { status: [COMPLETED] }) { nodes { id } } }",
    code: "BAD_USER_INPUT",
    says: /filter/,
  },
  {
    what: "a stream of what is not there",
    query: `{ streamCursor(jobId: "${UNKNOWN}") }`,
    code: "BAD_USER_INPUT",
    says: /jobId/,
  },
  {
    what: "a stream of two things",
    query: `{ streamCursor(jobId: "${UNKNOWN}", taskId: "${UNKNOWN}") }`,
    code: "BAD_USER_INPUT",
    says: /at most one/,
  },
  {
    what: "a priority out of range, as a word",
    query: 'mutation ($p: Int) { submitJob(input: { collectionId: 1, pipeline: "x", priority: $p }) { job { id } } }',
    variables: { p: "high" },
    code: "BAD_USER_INPUT",
    says: /\$p/,
  },
];

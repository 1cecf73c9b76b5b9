import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

/**
 * Names that the system, libc, OpenSSL and Node look at before a program runs; none of them holds a secret. Node's own one
 * by one: others have put secrets behind the same letters (NODE_AUTH_TOKEN).
 */
const READ_AT_START =
  /^(PATH|HOME|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|NODE_(OPTIONS|PATH|ENV|DEBUG|DEBUG_NATIVE|ICU_DATA|NO_WARNINGS|DISABLE_COLORS|PENDING_DEPRECATION|PRESERVE_SYMLINKS|PRESERVE_SYMLINKS_MAIN|REDIRECT_WARNINGS|EXTRA_CA_CERTS|USE_SYSTEM_CA|USE_ENV_PROXY|TLS_REJECT_UNAUTHORIZED|V8_COVERAGE|COMPILE_CACHE|DISABLE_COMPILE_CACHE)|UV_(THREADPOOL_SIZE|USE_IO_URING)|LD_\w+|DYLD_\w+|SSL_CERT_\w+|OPENSSL_CONF|MALLOC_\w+|SYSTEMROOT)$/i;

/** Of this process's environment what a process of ours is started with. All else it is told later, see `adopt`. */
export function environmentAtStart(): Record<string, string> {
  return Object.fromEntries(Object.entries(wholeEnvironment()).filter(([name]) => READ_AT_START.test(name)));
}

/**
 * Takes this process's variables out of what others of its user may read in /proc (Linux): they stay in its own
 * environment alone. An isolated stage runs as the same user unless that is root, and reads its parents' block of
 * variables there as it would a file. False where that can't be done, as on other systems, which show no such block.
 */
export function hideEnvironment(): boolean {
  try {
    // Where the block lies: the fields 50 and 51 of the line, of which the second, in brackets, may hold anything.
    const fields = readFileSync("/proc/self/stat", "latin1")
      .replace(/^.*\) /s, "")
      .split(" ");
    const [start, end] = [Number(fields[47]), Number(fields[48])];
    if (!(start > 0 && end > start)) return false;
    // Each is written anew elsewhere first: what stands in the block is what getenv would find else.
    adoptEnvironment(wholeEnvironment());
    const memory = openSync("/proc/self/mem", "r+");
    try {
      writeSync(memory, Buffer.alloc(end - start), 0, end - start, start);
    } finally {
      closeSync(memory);
    }
    return true;
  } catch {
    return false;
  }
}

/** All of this process's environment. */
export function wholeEnvironment(): Record<string, string> {
  const given = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(given);
}

/** Makes these variables this process's environment. What is set so late is not seen from outside, as in /proc. */
export function adoptEnvironment(variables: Readonly<Record<string, string>>): void {
  Object.assign(process.env, variables);
}

/** What the child process of an isolated stage is given: where programs are, how to write, what time it is. */
const FOR_CHILDREN = ["PATH", "LANG", "LC_ALL", "TZ", "TMPDIR"];

/** Of an environment what the child processes of isolated stages may see. */
export function environmentOfChildren(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const given = FOR_CHILDREN.map((name) => [name, env[name]] as const);
  return Object.fromEntries(given.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

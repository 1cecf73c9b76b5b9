import { spawn } from "node:child_process";
import { mkdtemp, open, rm, symlink, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { environmentAtStart } from "../../../config/environment.js";

/** The program is not on the PATH. */
export class ProgramAbsent extends Error {}

/** The program was ended at its limit of time, or by a system that had no memory left. */
export class ProgramStopped extends Error {}

const MAX_OUTPUT_BYTES = 10_000_000;
/** Of all files that a program writes: what a container may expand to. */
const MAX_FILES_BYTES = 300_000_000;
/** The first descriptor behind input, output and errors. */
const FIRST_FILE = 3;
/** What the shell says of a program that is not there. */
const NOT_FOUND = 127;

/** Standard output of the program, with the bytes as a file to read from its standard input. It dies with this process's group. */
export async function outputOfProgram(
  program: string,
  args: readonly string[],
  { bytes, limitMs }: { readonly bytes: Uint8Array; readonly limitMs: number },
): Promise<string> {
  const file = await namelessFile(bytes);
  try {
    return await outputOf(program, args, { files: [file.fd], limitMs });
  } finally {
    await file.close();
  }
}

/**
 * What the program writes into files of these names in its working folder, in their order; null for each that it does
 * not write. A name in several spellings stands once, as a list of them. No file has a name of its own: of whatever is written,
 * nothing outlives the program and this process.
 */
export async function filesOfProgram(
  program: string,
  args: readonly string[],
  {
    bytes,
    names,
    ...limits
  }: {
    readonly bytes: Uint8Array;
    readonly names: readonly (readonly string[])[];
    readonly limitMs: number;
    readonly memoryMiB: number;
  },
): Promise<{ readonly files: readonly (Buffer | null)[]; readonly error: unknown }> {
  const folder = await mkdtemp(path.join(tmpdir(), "headway-media-"));
  const files: FileHandle[] = [];
  try {
    files.push(await namelessFile(bytes));
    for (const [index, spellings] of names.entries()) {
      files.push(await namelessFile(Buffer.alloc(0)));
      for (const name of spellings) await symlink(`/dev/fd/${FIRST_FILE + index}`, path.join(folder, name));
    }
    let error: unknown = null;
    try {
      await outputOf(program, args, { files: files.map(({ fd }) => fd), folder, ...limits });
    } catch (thrown) {
      error = thrown;
    }
    return { files: await contentsOf(files.slice(1)), error };
  } finally {
    await rm(folder, { recursive: true, force: true });
    for (const file of files) await file.close();
  }
}

async function contentsOf(files: readonly FileHandle[]): Promise<(Buffer | null)[]> {
  const found: (Buffer | null)[] = [];
  let left = MAX_FILES_BYTES;
  for (const file of files) {
    const { size } = await file.stat();
    left -= size;
    if (left < 0) throw new ProgramStopped(`it wrote more than ${MAX_FILES_BYTES} bytes`);
    const bytes = Buffer.alloc(size);
    for (let at = 0; at < size;) {
      const { bytesRead } = await file.read(bytes, at, size - at, at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    found.push(size === 0 ? null : bytes);
  }
  return found;
}

/** A file without a name: it goes with the last process that has it open, however that one ends. */
async function namelessFile(bytes: Uint8Array): Promise<FileHandle> {
  const folder = await mkdtemp(path.join(tmpdir(), "headway-media-"));
  try {
    const file = await open(path.join(folder, "media"), "wx+", 0o600);
    await rm(folder, { recursive: true });
    // At places, so that the file still stands at its beginning for whoever reads it.
    for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at, bytes.length - at, at)).bytesWritten;
    return file;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Run {
  /** What it reads from, and the files that it may write behind. */
  readonly files: readonly number[];
  readonly folder?: string;
  readonly limitMs: number;
  readonly memoryMiB?: number;
}

function outputOf(program: string, args: readonly string[], run: Run): Promise<string> {
  const [input, ...outputs] = run.files;
  // A limit of memory is the shell's to set; the program takes the shell's place, and is killed as it would be.
  const [file, given] = run.memoryMiB
    ? [
        "/bin/sh",
        ["-c", `ulimit -c 0; ulimit -v ${run.memoryMiB * 1_024} 2>/dev/null; exec "$0" "$@"`, program, ...args],
      ]
    : [program, args];
  return new Promise((resolve, reject) => {
    const child = spawn(file, given, {
      stdio: [input, "pipe", "pipe", ...outputs],
      ...(run.folder ? { cwd: run.folder } : {}),
      timeout: run.limitMs,
      killSignal: "SIGKILL",
      // Nothing that is secret; and one thread each, for others are at work as well.
      env: { ...environmentAtStart(), OMP_THREAD_LIMIT: "1" },
    });
    const parts: Buffer[] = [];
    let [sizeBytes, said] = [0, ""];
    const absent = (): ProgramAbsent => new ProgramAbsent(`${program} is not on the PATH`);
    child.once("error", (error: NodeJS.ErrnoException) => reject(error.code === "ENOENT" ? absent() : error));
    child.stdout!.on("data", (part: Buffer) => {
      sizeBytes += part.length;
      if (sizeBytes > MAX_OUTPUT_BYTES) child.kill("SIGKILL");
      else parts.push(part);
    });
    child.stderr!.on("data", (part: Buffer) => (said = (said + part.toString()).slice(-300)));
    child.once("close", (code, signal) => {
      const why = `${program} ended with ${signal ?? `code ${code}`}: ${said.trim()}`;
      if (code === 0) resolve(Buffer.concat(parts).toString("utf8"));
      else if (code === NOT_FOUND && run.memoryMiB) reject(absent());
      else reject(signal === "SIGKILL" ? new ProgramStopped(why) : new Error(why));
    });
  });
}

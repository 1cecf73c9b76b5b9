import { spawn } from "node:child_process";
import { mkdtemp, open, rm, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { environmentAtStart } from "../../../config/environment.js";

/** The program is not on the PATH. */
export class ProgramAbsent extends Error {}

const MAX_OUTPUT_BYTES = 10_000_000;

/** Standard output of the program, with the bytes as a file to read from its standard input. It dies with this process's group. */
export async function outputOfProgram(
  program: string,
  args: readonly string[],
  { bytes, limitMs }: { readonly bytes: Uint8Array; readonly limitMs: number },
): Promise<string> {
  const file = await namelessFile(bytes);
  try {
    return await outputOf(program, args, { fd: file.fd, limitMs });
  } finally {
    await file.close();
  }
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

function outputOf(
  program: string,
  args: readonly string[],
  { fd, limitMs }: { readonly fd: number; readonly limitMs: number },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: [fd, "pipe", "pipe"],
      timeout: limitMs,
      killSignal: "SIGKILL",
      // Nothing that is secret; and one thread each, for others are at work as well.
      env: { ...environmentAtStart(), OMP_THREAD_LIMIT: "1" },
    });
    const parts: Buffer[] = [];
    let [sizeBytes, said] = [0, ""];
    child.once("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "ENOENT" ? new ProgramAbsent(`${program} is not on the PATH`) : error),
    );
    child.stdout!.on("data", (part: Buffer) => {
      sizeBytes += part.length;
      if (sizeBytes > MAX_OUTPUT_BYTES) child.kill("SIGKILL");
      else parts.push(part);
    });
    child.stderr!.on("data", (part: Buffer) => (said = (said + part.toString()).slice(-300)));
    child.once("close", (code, signal) => {
      if (code === 0) resolve(Buffer.concat(parts).toString("utf8"));
      else reject(new Error(`${program} ended with ${signal ?? `code ${code}`}: ${said.trim()}`));
    });
  });
}

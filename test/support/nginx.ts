import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ROOT } from "./root.js";
import { until } from "./until.js";

export interface TestNginx {
  readonly port: number;
  stop(): Promise<void>;
}

/** The proxy's part of the guide to production, which is what is tried. */
async function locationOfGuide(): Promise<string> {
  const guide = await readFile(path.join(ROOT, "docs", "guides", "production.md"), "utf8");
  return /```nginx\n([^`]+)```/.exec(guide)![1]!;
}

/**
 * An nginx of its own with the guide's location for a Headway at `upstream`, below /headway. Everything else of its host
 * is answered with 418.
 * @throws when nginx is not on the PATH or does not answer
 */
export async function startNginx(port: number, upstream: string): Promise<TestNginx> {
  const folder = await mkdtemp(path.join(tmpdir(), "headway-nginx-"));
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const location = (await locationOfGuide()).replace("http://127.0.0.1:4000/", `${upstream}/`);
  await writeFile(
    path.join(folder, "nginx.conf"),
    `daemon off; error_log stderr; pid ${folder}/nginx.pid;
     ${process.getuid?.() === 0 ? "user root;" : ""}
     events {}
     http {
       access_log off;
       ${places.map((place) => `${place}_temp_path ${folder}/${place};`).join(" ")}
       map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
       server { listen 127.0.0.1:${port}; location / { return 418; } ${location} }
     }`,
  );
  const child = spawn("nginx", ["-p", folder, "-c", path.join(folder, "nginx.conf")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (part: Buffer) => (said += part.toString()));
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", (error) => {
      said += error.message;
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until("nginx answers", async () => {
      if (child.exitCode !== null) throw new Error(`nginx ended: ${said}`);
      return fetch(`http://127.0.0.1:${port}/`).then(
        ({ status }) => status === 418,
        () => false,
      );
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, stop };
}

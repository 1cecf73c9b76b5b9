// Prints, as JSON, the command that is Docker Compose here: the plugin, else docker-compose, else one installed now; null
// and why where there is none. Its `config` needs no Docker engine.
import { findExecutable, installProgram, run } from "./system-packages.mjs";

const PACKAGES = {
  "apt-get": "docker-compose",
  brew: "docker-compose",
  dnf: "docker-compose",
  apk: "docker-cli-compose",
};

async function ensureCompose() {
  const docker = await findExecutable("docker");
  if (docker !== null && (await run(docker, ["compose", "version"])) === null) return { command: [docker, "compose"] };
  const present = await findExecutable("docker-compose");
  if (present !== null) return { command: [present] };
  const { found, reasons } = await installProgram("docker-compose", PACKAGES);
  return found !== null ? { command: [found] } : { command: null, reasons };
}

console.log(JSON.stringify(await ensureCompose()));

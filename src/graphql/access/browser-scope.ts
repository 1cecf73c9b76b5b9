import { DEFAULT_MAX_BYTES, DEFAULT_MAX_FILES } from "../../access/browser-keys.js";
import type { KeyScope } from "../../access/keys.js";
import { idOf, type Faults } from "../../engine/input.js";
import { optionsOf, pipelineNamed } from "../../engine/submit/submit.js";
import { UserFault } from "../../errors.js";
import type { GraphContext } from "../context.js";
import { MAX_BROWSER_BYTES, MAX_BROWSER_FILES, type CreateBrowserKeyInput } from "./access.input.js";

const MAX_PIPELINES = 50;

/** What a key for a browser is for, and what it may do there; all that is wrong with that goes to `faults`. */
export async function browserScope(
  context: GraphContext,
  input: CreateBrowserKeyInput,
  faults: Faults,
): Promise<KeyScope> {
  const part = await faults.noteLater(() => partOf(context, input));
  const permissions = [...new Set(input.permissions)];
  if (permissions.length === 0) {
    add(faults, "INVALID_INPUT", "permissions is empty; give at least one, such as READ.", ["permissions"]);
  }
  for (const permission of ["UPLOAD", "SUBMIT"] as const) {
    if (!permissions.includes(permission) || (input.jobId ?? null) === null) continue;
    add(faults, "INVALID_INPUT", `${permission} is for a collection; give collectionId and no jobId.`, ["permissions"]);
  }
  const submit = submitOf(context, input, faults);
  const upload = uploadOf(input, faults);
  return { ...(part ?? { collectionId: "", jobId: null }), permissions, ...submit, ...upload };
}

/** @throws {UserFault} NOT_FOUND, INVALID_INPUT unless exactly one is given */
async function partOf(
  { loaders }: GraphContext,
  input: CreateBrowserKeyInput,
): Promise<Pick<KeyScope, "collectionId" | "jobId">> {
  const [collectionId, jobId] = [input.collectionId ?? null, input.jobId ?? null];
  if ((collectionId === null) === (jobId === null)) {
    throw new UserFault("INVALID_INPUT", "Give exactly one of collectionId and jobId.");
  }
  if (jobId !== null) {
    const id = idOf(jobId, ["jobId"]);
    const job = await loaders.job.load(id);
    if (!job) throw new UserFault("NOT_FOUND", `There is no job ${id}.`, ["jobId"]);
    return { collectionId: job.collectionId, jobId: id };
  }
  const id = idOf(collectionId!, ["collectionId"]);
  if (!(await loaders.collection.load(id))) {
    throw new UserFault("NOT_FOUND", `There is no collection ${id}.`, ["collectionId"]);
  }
  return { collectionId: id, jobId: null };
}

function submitOf(
  { deps }: GraphContext,
  input: CreateBrowserKeyInput,
  faults: Faults,
): Pick<KeyScope, "pipelines" | "options"> {
  const [pipelines, options] = [input.pipelines ?? null, input.options ?? null];
  if (!input.permissions.includes("SUBMIT")) {
    if (pipelines !== null) add(faults, "INVALID_INPUT", "pipelines requires SUBMIT; remove it.", ["pipelines"]);
    if (options !== null) add(faults, "INVALID_INPUT", "options requires SUBMIT; remove it.", ["options"]);
    return {};
  }
  if (pipelines === null || pipelines.length === 0 || pipelines.length > MAX_PIPELINES) {
    const message = `pipelines has ${pipelines?.length ?? 0} names; SUBMIT needs 1 to ${MAX_PIPELINES}.`;
    add(faults, "INVALID_INPUT", message, ["pipelines"]);
    return {};
  }
  for (const [index, name] of pipelines.entries()) {
    faults.note(() => {
      const pipeline = pipelineNamed(deps.registry, name, ["pipelines", String(index)]);
      if (options !== null) optionsOf(pipeline, options);
    });
  }
  return { pipelines: [...new Set(pipelines)], ...(options === null ? {} : { options }) };
}

function uploadOf(
  { permissions, maxFiles, maxBytes }: CreateBrowserKeyInput,
  faults: Faults,
): Pick<KeyScope, "maxFiles" | "maxBytes"> {
  const given = { maxFiles: maxFiles ?? null, maxBytes: maxBytes ?? null };
  if (!permissions.includes("UPLOAD")) {
    for (const [name, value] of Object.entries(given)) {
      if (value !== null) add(faults, "INVALID_INPUT", `${name} requires UPLOAD; remove it.`, [name]);
    }
    return {};
  }
  const most = { maxFiles: MAX_BROWSER_FILES, maxBytes: MAX_BROWSER_BYTES };
  for (const name of ["maxFiles", "maxBytes"] as const) {
    const value = given[name];
    if (value === null || (value >= 1 && value <= most[name])) continue;
    add(faults, "INVALID_INPUT", `${name} is ${value}; it must be 1 to ${most[name]}.`, [name]);
  }
  return { maxFiles: given.maxFiles ?? DEFAULT_MAX_FILES, maxBytes: given.maxBytes ?? DEFAULT_MAX_BYTES };
}

function add(faults: Faults, code: "INVALID_INPUT", message: string, path: readonly string[]): void {
  faults.add(new UserFault(code, message, path));
}

import { useCallback, useEffect, useRef, useState } from "react";
import { useEvery } from "../api/every.js";
import { Icon } from "../parts/icons.js";
import { Loading, Panel } from "../parts/states.js";
import { When } from "../parts/when.js";
import { here } from "../session/address.js";

/** One check, as the server's /readyz tells it. */
interface Check {
  readonly name: string;
  /** False where the server works without it. */
  readonly needed?: boolean;
  readonly ok: boolean;
  readonly message: string | null;
}

interface Ready {
  readonly isReady: boolean;
  readonly checks: readonly Check[];
  readonly at: number;
}

const LOOK_MS = 10_000;
const WAIT_MS = 8_000;

/** What it means that a check is well. */
const WELL: Readonly<Record<string, string>> = {
  process: "Accepts requests. No shutdown requested.",
  database: "Accepts writes.",
  migrations: "The database schema is up to date.",
  redis: "Delivers hints to workers.",
  reconciler: "Sweeps on schedule.",
  worker: "Checks for work.",
  quarantine: "Can isolate tasks whose worker died.",
};

/** The checks of the process that has answered this page. */
export function Readiness() {
  const [ready, setReady] = useState<Ready | Error | null>(null);
  const looks = useRef(0);
  const look = useCallback(() => {
    const number = (looks.current += 1);
    // What was asked later is newer, whichever comes first.
    const take = (told: Ready | Error): void => void (number === looks.current && setReady(told));
    void readReadiness().then(take, (error: unknown) => take(faultIn(error)));
  }, []);
  useEffect(look, [look]);
  useEvery(LOOK_MS, look);
  return (
    <Panel
      title="This server"
      aside={
        ready !== null && !(ready instanceof Error) ? (
          <span className="faint">
            checked <When at={ready.at} />
          </span>
        ) : undefined
      }
    >
      {ready === null && <Loading rows={3} />}
      {ready instanceof Error && (
        <div className="note tone-mixed" role="alert">
          <Icon name="warning" />
          <div>
            <strong>Can't read the server's checks.</strong> {ready.message} Retrying every 10 s. A proxy in front of
            the server may not forward <code>/readyz</code>.
          </div>
        </div>
      )}
      {ready !== null && !(ready instanceof Error) && <Checks ready={ready} />}
    </Panel>
  );
}

function Checks({ ready: { isReady, checks } }: { readonly ready: Ready }) {
  return (
    <>
      <p className={isReady ? "tone-good" : "tone-bad"} role="status">
        <Icon name={isReady ? "check" : "warning"} size={14} />{" "}
        <strong>{isReady ? "Ready." : "Not ready: do not send new requests to this server."}</strong>
      </p>
      <ul className="checks">
        {checks.map(({ name, ok, needed = true, message }) => (
          <li key={name}>
            <span className={`status tone-${ok ? "good" : needed ? "bad" : "mixed"}`}>
              <Icon name={ok ? "check" : "warning"} size={14} />
              {name}
            </span>
            <span className={ok ? "faint" : undefined}>
              {ok
                ? (WELL[name] ?? "OK.")
                : `${message ?? "Check failed."}${needed ? "" : " Work continues without it."}`}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function faultIn(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  return error.name === "TimeoutError" ? new Error(`No response for ${WAIT_MS / 1_000} s.`) : error;
}

async function readReadiness(): Promise<Ready> {
  const answer = await fetch(here("readyz"), { cache: "no-store", signal: AbortSignal.timeout(WAIT_MS) });
  const told = (await answer.json().catch(() => null)) as { checks?: readonly Check[] } | null;
  if (!Array.isArray(told?.checks)) throw new Error(`The server returned status ${answer.status} without checks.`);
  return { isReady: answer.ok, checks: told.checks, at: Date.now() };
}

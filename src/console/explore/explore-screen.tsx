import "./explore.css";
import { Tabs } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useApi } from "../api/api.js";
import { allowedTo, type Allowed } from "../parts/act-button.js";
import { useSay } from "../parts/said.js";
import { useTitle } from "../parts/title.js";
import { here } from "../session/address.js";
import { stringifySearch } from "../shell/search.js";
import { Answer } from "./answer.js";
import { CodeEditor } from "./code-editor.js";
import { Docs } from "./docs.js";
import { operationsIn, variablesIn } from "./operations-in.js";
import { PastRuns } from "./past-runs.js";
import { prettify } from "./prettify.js";
import { OWN, StepList } from "./step-list.js";
import { givenBy, missingOf, stepOf, STEPS, variablesOf, type Kept } from "./steps.js";
import { usePastRuns, useStored, type Draft } from "./stored.js";
import { Toolbar } from "./toolbar.js";
import { useRun } from "./use-run.js";
import { useSchema } from "./use-schema.js";

const EMPTY = "# Write your operation here. Press Ctrl-Space for completion.\n";

/** Operations of GraphQL: the steps from a first collection to a retry, and one's own. */
export function ExploreScreen() {
  const { step: asked } = useSearch({ from: "/explore" });
  const { viewer } = useApi();
  const say = useSay();
  const navigate = useNavigate({ from: "/explore" });
  const known = useSchema();
  const past = usePastRuns();
  const [drafts, setDrafts] = useStored<Readonly<Record<string, Draft>>>("drafts", {});
  const [kept, setKept] = useStored<Kept>("kept", {});
  const [chosen, setChosen] = useState("");
  const [side, setSide] = useState<string | null>("answer");
  const [type, setType] = useState<string | null>(null);
  const aside = useRef<HTMLDivElement>(null);
  const [ranAt, setRanAt] = useState("");
  const { outcome, isRunning, run, stop } = useRun();
  const shown = asked ?? "start";
  const step = stepOf(shown);
  const next = step && STEPS[STEPS.indexOf(step) + 1];
  const draft = drafts[shown] ?? {};
  const query = draft.query ?? step?.query ?? EMPTY;
  const variablesText = draft.variables ?? (step ? variablesOf(step, kept) : "");
  const change = (part: Draft, at = shown): void => setDrafts((old) => ({ ...old, [at]: { ...old[at], ...part } }));
  const show = (id: string): void => void navigate({ search: { step: id }, replace: true, resetScroll: false });
  useTitle(step ? `${step.title} · Explore` : "Explore");
  useGivenOperation((given) => change(given, OWN));

  const { operations, fault: queryFault } = operationsIn(query);
  const { variables, fault: variablesFault } = variablesIn(variablesText);
  const operation = operations.find(({ name }) => name === chosen) ?? operations[0];
  const missing = step && draft.variables === undefined ? missingOf(step, kept) : null;
  const fault = queryFault ?? variablesFault;
  const reason = fault ?? (missing && `Run "${missing.from.title}" first to get ${missing.name}.`);
  const permission: Allowed =
    reason === null && step?.isChange
      ? allowedTo(viewer.role, "OPERATOR")
      : { allowed: reason === null, disabledReason: reason };

  const begin = (): void => {
    if (!permission.allowed || !operation) return;
    const startedAt = Date.now();
    const name = operation.name || step?.title || operation.kind;
    setSide("answer");
    setRanAt(shown);
    // On a narrow screen it is below what was written.
    aside.current?.scrollIntoView({ block: "nearest" });
    run(
      { query, variables, operation },
      {
        onAnswer: (data) => {
          const given = givenBy(data);
          if (Object.keys(given).length > 0) setKept((old) => ({ ...old, ...given }));
        },
        onEnd: (isFault, tookMs) => past.add({ at: startedAt, name, query, variables: variablesText, isFault, tookMs }),
      },
    );
  };
  const lay = async (): Promise<void> => {
    try {
      change({ query: await prettify(query), ...(variablesText.trim() === "" ? {} : laid(variablesText)) });
    } catch {
      say("The operation has a syntax error and can't be formatted. The editor marks the position.", true);
    }
  };
  const link = async (): Promise<void> => {
    const address = `${here("explore")}${stringifySearch({ query, variables: variablesText })}`;
    try {
      await navigator.clipboard.writeText(address);
      say("Link copied. It opens this operation but does not run it.");
    } catch {
      say(`The browser blocked copying. Copy this link: ${address}`, true);
    }
  };
  const showType = (name: string | null): void => {
    setType(name);
    setSide("docs");
  };
  return (
    <div className="explore">
      <h1 className="for-readers">Explore</h1>
      <StepList shown={shown} kept={kept} onShow={show} />
      <section className="explore-write" aria-label="Operation">
        <Toolbar
          permission={permission}
          isRunning={isRunning}
          isRunningHere={isRunning && ranAt === shown}
          operations={operations}
          chosen={operation?.name}
          isChanged={draft.query !== undefined || draft.variables !== undefined}
          next={next?.title ?? null}
          onNext={() => next && show(next.id)}
          onChoose={setChosen}
          onRun={begin}
          onStop={stop}
          onPrettify={() => void lay()}
          onLink={() => void link()}
          onUndo={() => setDrafts((old) => Object.fromEntries(Object.entries(old).filter(([id]) => id !== shown)))}
        />
        {missing && (
          <p className="explore-note tone-mixed">
            Run{" "}
            <button type="button" className="docs-type" onClick={() => show(missing.from.id)}>
              {missing.from.title}
            </button>{" "}
            first to get <code>{missing.name}</code>, or enter an ID below.
          </p>
        )}
        {fault !== null && draft.query !== "" && (
          <p className="explore-note tone-bad" role="status">
            {fault}
          </p>
        )}
        <CodeEditor
          key={`operation ${shown}`}
          label="Operation"
          language="graphql"
          value={query}
          schema={known.schema}
          onChange={(text) => text !== query && change({ query: text })}
          onRun={begin}
          onShowType={showType}
        />
        <h2 className="explore-label">Variables</h2>
        <CodeEditor
          key={`variables ${shown}`}
          label="Variables"
          language="json"
          value={variablesText}
          onChange={(text) => text !== variablesText && change({ variables: text })}
          onRun={begin}
        />
      </section>
      <Tabs ref={aside} value={side} onChange={setSide} className="explore-side" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="answer">Response</Tabs.Tab>
          <Tabs.Tab value="docs">Docs</Tabs.Tab>
          <Tabs.Tab value="history">History</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="answer">
          <Answer outcome={outcome} isRunning={isRunning} />
        </Tabs.Panel>
        <Tabs.Panel value="docs">
          <Docs known={known} type={type} onShow={showType} />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <PastRuns
            past={past}
            onOpen={(one) => {
              change({ query: one.query, variables: one.variables }, OWN);
              show(OWN);
            }}
          />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}

/** An operation that stands in the address, as that of a link, becomes one's own, and leaves the address. */
function useGivenOperation(take: (given: Draft) => void): void {
  const { query, variables } = useSearch({ from: "/explore" });
  const navigate = useNavigate({ from: "/explore" });
  useEffect(() => {
    if (query === undefined) return;
    take({ query, variables: variables ?? "" });
    void navigate({ search: { step: OWN }, replace: true });
  }, [query, variables]);
}

function laid(variables: string): Draft {
  return { variables: JSON.stringify(JSON.parse(variables), null, 2) };
}

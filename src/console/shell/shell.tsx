import { ActionIcon, Button, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useApi } from "../api/api.js";
import { Icon } from "../parts/icons.js";
import { useReturnFocus } from "../parts/return-focus.js";
import { IS_EXPLORE_ALONE } from "../session/address.js";
import { signOut } from "../session/session.js";
import { ConnectionSign } from "./connection-sign.js";
import { useShortcuts } from "./shortcuts.js";

/** Loaded when it is first asked for. */
const HelpDialog = lazy(async () => ({ default: (await import("./help.js")).HelpDialog }));

/** What stands around every screen: where one can go, whether the page is live, and who has signed in. */
export function Shell() {
  const [isHelping, setIsHelping] = useState(false);
  useShortcuts(() => setIsHelping(true));
  useReturnFocus(isHelping);
  useFocusOnChange();
  useStay();
  return (
    <>
      <a className="skip" href="#main" onClick={focusMain}>
        Skip to content
      </a>
      <header className="top">
        <Link to="/" className="brand" aria-label="Headway: go to Now">
          <Icon name="mark" size={20} />
          <span>Headway</span>
        </Link>
        <nav aria-label="Screens" className="places" data-explore-alone={IS_EXPLORE_ALONE || undefined}>
          <Link to="/" activeOptions={{ exact: true }} activeProps={{ "aria-current": "page" }}>
            Now
          </Link>
          <Link to="/jobs" activeProps={{ "aria-current": "page" }} activeOptions={{ includeSearch: false }}>
            Jobs
          </Link>
          <Link to="/collections" activeProps={{ "aria-current": "page" }} activeOptions={{ includeSearch: false }}>
            Collections
          </Link>
          <WorkPlace />
          <Link to="/operations" activeProps={{ "aria-current": "page" }} activeOptions={{ includeSearch: false }}>
            Operations
          </Link>
          <Link to="/explore" activeProps={{ "aria-current": "page" }} activeOptions={{ includeSearch: false }}>
            Explore
          </Link>
        </nav>
        <span className="spread" />
        <ConnectionSign />
        <SchemeSwitch />
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label="Keyboard shortcuts and statuses"
          onClick={() => setIsHelping(true)}
        >
          <Icon name="help" size={18} />
        </ActionIcon>
        <Who />
      </header>
      <main id="main" tabIndex={-1}>
        <Outlet />
      </main>
      {isHelping && (
        <Suspense>
          <HelpDialog isOpen onClose={() => setIsHelping(false)} />
        </Suspense>
      )}
    </>
  );
}

/** Workers and pipelines are two parts of one place. */
function WorkPlace() {
  const isThere = useRouterState({ select: ({ location }) => /^\/(workers|pipelines)(\/|$)/.test(location.pathname) });
  return (
    <Link to="/workers" aria-current={isThere ? "page" : undefined}>
      Workers
    </Link>
  );
}

function focusMain(event: { preventDefault: () => void }): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** A new screen is where the keyboard and a screen reader go on; a filter of the same one is not. */
function useFocusOnChange(): void {
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [path]);
}

/** A file that is dropped where nothing takes it does not make the browser open it in place of the page. */
function useStay(): void {
  useEffect(() => {
    const stay = (event: DragEvent): void => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    };
    addEventListener("dragover", stay);
    addEventListener("drop", stay);
    return () => {
      removeEventListener("dragover", stay);
      removeEventListener("drop", stay);
    };
  }, []);
}

function SchemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  const other = scheme === "light" ? "dark" : "light";
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={`Switch to ${other} theme`}
      onClick={() => setColorScheme(other)}
    >
      <Icon name={scheme === "light" ? "moon" : "sun"} size={18} />
    </ActionIcon>
  );
}

function Who() {
  const { viewer } = useApi();
  return (
    <>
      <button type="button" className="who" popoverTarget="who" aria-label={`${viewer.name}, ${viewer.role}: sign out`}>
        <span className="who-name">{viewer.name}</span>
        <Icon name="down" size={14} />
      </button>
      <div id="who" popover="auto" className="who-menu">
        <p className="faint">
          {viewer.role} in project {viewer.project}
        </p>
        <Button variant="default" size="compact-sm" leftSection={<Icon name="out" />} onClick={() => signOut()}>
          Sign out
        </Button>
      </div>
    </>
  );
}

import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Link,
  redirect,
  type ErrorComponentProps,
} from "@tanstack/react-router";
import { NowScreen } from "../now/now-screen.js";
import { Empty, Loading } from "../parts/states.js";
import { BASE_PATH, IS_EXPLORE_ALONE } from "../session/address.js";
import { exploreSearch, jobSearch, jobsSearch, parseSearch, stringifySearch } from "./search.js";
import { Shell } from "./shell.js";

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  beforeLoad: ({ location: { pathname } }) => {
    // A server whose console is switched off has no other screen.
    if (IS_EXPLORE_ALONE && !/\/(explore|playground)\/?$/.test(pathname)) throw redirect({ to: "/explore" });
  },
});
const now = createRoute({ getParentRoute: () => root, path: "/", component: NowScreen });
const jobs = createRoute({
  getParentRoute: () => root,
  path: "/jobs",
  component: lazyRouteComponent(() => import("../jobs/jobs-screen.js"), "JobsScreen"),
  validateSearch: jobsSearch,
});
const job = createRoute({
  getParentRoute: () => root,
  path: "/jobs/$id",
  component: lazyRouteComponent(() => import("../job/job-screen.js"), "JobScreen"),
  validateSearch: jobSearch,
});
const explore = createRoute({
  getParentRoute: () => root,
  path: "/explore",
  component: lazyRouteComponent(() => import("../explore/explore-screen.js"), "ExploreScreen"),
  validateSearch: exploreSearch,
});
/** Explore's older address. */
const playground = createRoute({
  getParentRoute: () => root,
  path: "/playground",
  validateSearch: exploreSearch,
  beforeLoad: ({ search }) => {
    throw redirect({ to: "/explore", search, replace: true });
  },
});

export const router = createRouter({
  routeTree: root.addChildren([now, jobs, job, explore, playground]),
  basepath: BASE_PATH,
  defaultPreload: "intent",
  defaultPendingComponent: Loading,
  defaultErrorComponent: Broken,
  parseSearch,
  stringifySearch,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

function NotFound() {
  return (
    <Empty title="There is nothing at this address">
      Look at <Link to="/">what is going on now</Link> or at <Link to="/jobs">the jobs</Link>.
    </Empty>
  );
}

function Broken({ error }: ErrorComponentProps) {
  return (
    <Empty icon="warning" title="This screen has failed">
      {error instanceof Error ? error.message : String(error)}. Load the page again; if it fails again, tell the people
      who run this server.
    </Empty>
  );
}

import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Link,
  type ErrorComponentProps,
} from "@tanstack/react-router";
import { NowScreen } from "../now/now-screen.js";
import { Empty, Loading } from "../parts/states.js";
import { BASE_PATH } from "../session/address.js";
import { jobSearch, jobsSearch, parseSearch, stringifySearch } from "./search.js";
import { collectionSearch, collectionsSearch } from "./search-of-collections.js";
import { taskSearch } from "./search-of-task.js";
import { Shell } from "./shell.js";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });
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
const task = createRoute({
  getParentRoute: () => root,
  path: "/tasks/$id",
  component: lazyRouteComponent(() => import("../task/task-screen.js"), "TaskScreen"),
  validateSearch: taskSearch,
});
const collections = createRoute({
  getParentRoute: () => root,
  path: "/collections",
  component: lazyRouteComponent(() => import("../collections/collections-screen.js"), "CollectionsScreen"),
  validateSearch: collectionsSearch,
});
const collection = createRoute({
  getParentRoute: () => root,
  path: "/collections/$id",
  component: lazyRouteComponent(() => import("../collection/collection-screen.js"), "CollectionScreen"),
  validateSearch: collectionSearch,
});

export const router = createRouter({
  routeTree: root.addChildren([now, jobs, job, task, collections, collection]),
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

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
import { collectionSearch, collectionsSearch } from "./search-of-collections.js";
import { doctorSearch, pageSearch, workersSearch } from "./search-of-operations.js";
import { taskSearch } from "./search-of-task.js";
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
const workers = createRoute({
  getParentRoute: () => root,
  path: "/workers",
  component: lazyRouteComponent(() => import("../workers/workers-screen.js"), "WorkersScreen"),
  validateSearch: workersSearch,
});
const worker = createRoute({
  getParentRoute: () => root,
  path: "/workers/$id",
  component: lazyRouteComponent(() => import("../workers/worker-screen.js"), "WorkerScreen"),
});
const pipelines = createRoute({
  getParentRoute: () => root,
  path: "/pipelines",
  component: lazyRouteComponent(() => import("../pipelines/pipelines-screen.js"), "PipelinesScreen"),
});
const pipeline = createRoute({
  getParentRoute: () => root,
  path: "/pipelines/$name",
  component: lazyRouteComponent(() => import("../pipelines/pipeline-screen.js"), "PipelineScreen"),
});
const health = createRoute({
  getParentRoute: () => root,
  path: "/operations",
  component: lazyRouteComponent(() => import("../operations/health-screen.js"), "HealthScreen"),
  validateSearch: doctorSearch,
});
const keys = createRoute({
  getParentRoute: () => root,
  path: "/operations/keys",
  component: lazyRouteComponent(() => import("../operations/keys-screen.js"), "KeysScreen"),
  validateSearch: pageSearch,
});
const webhooks = createRoute({
  getParentRoute: () => root,
  path: "/operations/webhooks",
  component: lazyRouteComponent(() => import("../operations/webhooks-screen.js"), "WebhooksScreen"),
});
const webhook = createRoute({
  getParentRoute: () => root,
  path: "/operations/webhooks/$id",
  component: lazyRouteComponent(() => import("../operations/webhook-screen.js"), "WebhookScreen"),
});
const expiry = createRoute({
  getParentRoute: () => root,
  path: "/operations/expiry",
  component: lazyRouteComponent(() => import("../operations/expiry-screen.js"), "ExpiryScreen"),
  validateSearch: pageSearch,
});

const workRoutes = [workers, worker, pipelines, pipeline] as const;
const operationsRoutes = [health, keys, webhooks, webhook, expiry] as const;
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
  routeTree: root.addChildren([
    now,
    jobs,
    job,
    task,
    collections,
    collection,
    ...workRoutes,
    ...operationsRoutes,
    explore,
    playground,
  ]),
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
    <Empty title="Page not found">
      Go to <Link to="/">Now</Link> or <Link to="/jobs">Jobs</Link>.
    </Empty>
  );
}

function Broken({ error }: ErrorComponentProps) {
  return (
    <Empty icon="warning" title="This screen can't be shown">
      {error instanceof Error ? error.message : String(error)}. Reload the page. If it fails again, contact the
      operators of this server.
    </Empty>
  );
}

import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { readWorklistSearch } from "../worklist/filters";
import { WorklistPage } from "../worklist/WorklistPage";
import { ErrorPage } from "./ErrorPage";
import { NotFoundPage } from "./NotFoundPage";
import { Root } from "./Root";

const rootRoute = createRootRoute({ component: Root, notFoundComponent: NotFoundPage });

const worklist = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  component: WorklistPage,
  validateSearch: readWorklistSearch,
});

/**
 * The file of a page. One that is not there any more loads all of them anew; while the node is away, that would leave
 * the reader without a page, so that what keeps the node from answering is the error.
 */
async function fileOf<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    await fetch("/healthz", { cache: "no-store" });
    throw error;
  }
}

// Each of these is a file of its own: the worklist must not wait for the image viewer.
const study = createRoute({
  getParentRoute: () => rootRoute,
  path: "/studies/$studyUid",
  component: lazyRouteComponent(() => {
    // It is needed as soon as the page knows its study; whether it could be had is told where it is shown.
    import("../study/ImageViewer").catch(() => undefined);
    return fileOf(() => import("../study/StudyPage"));
  }, "StudyPage"),
});

const upload = createRoute({
  getParentRoute: () => rootRoute,
  path: "/upload",
  component: lazyRouteComponent(() => fileOf(() => import("../upload/UploadPage")), "UploadPage"),
});

const remote = createRoute({
  getParentRoute: () => rootRoute,
  path: "/remote",
  component: lazyRouteComponent(() => fileOf(() => import("../remote/RemotePage")), "RemotePage"),
});

const schedule = createRoute({
  getParentRoute: () => rootRoute,
  path: "/schedule",
  component: lazyRouteComponent(() => fileOf(() => import("../schedule/SchedulePage")), "SchedulePage"),
});

const admin = createRoute({
  getParentRoute: () => rootRoute,
  path: "/admin",
  component: lazyRouteComponent(() => fileOf(() => import("../admin/AdminPage")), "AdminPage"),
  validateSearch: (search: Record<string, unknown>): { tab?: string } =>
    typeof search.tab === "string" ? { tab: search.tab } : {},
});

const activity = createRoute({
  getParentRoute: () => rootRoute,
  path: "/activity",
  component: lazyRouteComponent(() => fileOf(() => import("../activity/ActivityPage")), "ActivityPage"),
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([worklist, study, upload, remote, schedule, admin, activity]),
  defaultPreload: false,
  // Without one of its own, a failure on a page takes the whole frame with it.
  defaultErrorComponent: ErrorPage,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

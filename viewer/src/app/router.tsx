import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { readWorklistSearch } from "../worklist/filters";
import { WorklistPage } from "../worklist/WorklistPage";
import { NotFoundPage } from "./NotFoundPage";
import { Root } from "./Root";

const rootRoute = createRootRoute({ component: Root, notFoundComponent: NotFoundPage });

const worklist = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  component: WorklistPage,
  validateSearch: readWorklistSearch,
});

// Each of these is a file of its own: the worklist must not wait for the image viewer.
const study = createRoute({
  getParentRoute: () => rootRoute,
  path: "/studies/$studyUid",
  component: lazyRouteComponent(() => {
    // It is needed as soon as the page knows its study; whether it could be had is told where it is shown.
    import("../study/ImageViewer").catch(() => undefined);
    return import("../study/StudyPage");
  }, "StudyPage"),
});

const upload = createRoute({
  getParentRoute: () => rootRoute,
  path: "/upload",
  component: lazyRouteComponent(() => import("../upload/UploadPage"), "UploadPage"),
});

const remote = createRoute({
  getParentRoute: () => rootRoute,
  path: "/remote",
  component: lazyRouteComponent(() => import("../remote/RemotePage"), "RemotePage"),
});

const schedule = createRoute({
  getParentRoute: () => rootRoute,
  path: "/schedule",
  component: lazyRouteComponent(() => import("../schedule/SchedulePage"), "SchedulePage"),
});

const admin = createRoute({
  getParentRoute: () => rootRoute,
  path: "/admin",
  component: lazyRouteComponent(() => import("../admin/AdminPage"), "AdminPage"),
  validateSearch: (search: Record<string, unknown>): { tab?: string } =>
    typeof search.tab === "string" ? { tab: search.tab } : {},
});

const activity = createRoute({
  getParentRoute: () => rootRoute,
  path: "/activity",
  component: lazyRouteComponent(() => import("../activity/ActivityPage"), "ActivityPage"),
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([worklist, study, upload, remote, schedule, admin, activity]),
  defaultPreload: false,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

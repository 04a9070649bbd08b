import type { Session } from "./session";

/**
 * Permissions of the node that decide what the page offers. The node checks every request itself; this
 * only keeps buttons away that would be refused.
 */
export type Permission =
  | "configure"
  | "control-deliveries"
  | "control-jobs"
  | "decide-results"
  | "manage-accounts"
  | "query-remote"
  | "read-associations"
  | "read-audit"
  | "read-configuration"
  | "read-images"
  | "read-status"
  | "read-system"
  | "read-worklist"
  | "schedule"
  | "upload";

export function can(session: Session, permission: Permission): boolean {
  return session.permissions.includes(permission);
}

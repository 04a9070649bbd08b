import type { Role } from "../generated/api";

/**
 * What the page offers to a role. The node decides on every request; this only keeps buttons away
 * that would be refused.
 */
export type Ability = "upload" | "administer" | "audit" | "judge results" | "control jobs";

const ABILITIES: Record<Role, readonly Ability[]> = {
  admin: ["upload", "administer", "audit", "judge results", "control jobs"],
  clinician: ["upload", "judge results", "control jobs"],
  service: ["upload"],
  auditor: ["audit"],
};

export function can(role: Role, ability: Ability): boolean {
  return ABILITIES[role]?.includes(ability) ?? false;
}

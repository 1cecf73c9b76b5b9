/** What a key may do, from least to most: each may do what those before it may. */
export const ROLES = ["VIEWER", "OPERATOR", "ADMIN"] as const;
export type Role = (typeof ROLES)[number];

/** What a key made for a browser may do with its collection or job. */
export const BROWSER_PERMISSIONS = ["READ", "UPLOAD", "SUBMIT", "CANCEL", "RETRY"] as const;
export type BrowserPermission = (typeof BROWSER_PERMISSIONS)[number];

/** Whether `role` is at least `least`. */
export function isAtLeast(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(least);
}

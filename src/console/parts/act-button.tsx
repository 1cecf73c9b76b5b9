import { Button, type ButtonProps } from "@mantine/core";
import type { ReactNode } from "react";
import type { Role } from "../generated/operations.js";

/** Whether something can be done now, and if not, why. */
export interface Allowed {
  readonly allowed: boolean;
  readonly disabledReason: string | null;
}

const RANK: Readonly<Record<Role, number>> = { VIEWER: 0, OPERATOR: 1, ADMIN: 2 };

/** What a role may do where the API has no permission of its own to ask for. */
export function allowedTo(role: Role, least: Role): Allowed {
  if (RANK[role] >= RANK[least]) return { allowed: true, disabledReason: null };
  return { allowed: false, disabledReason: `Requires a key with the role ${least}; yours has ${role}.` };
}

interface ActButtonProps extends ButtonProps {
  readonly permission: Allowed;
  readonly onClick: () => void;
  readonly children: ReactNode;
}

/** A button that stays reachable where it does nothing, and says why it does nothing. */
export function ActButton({ permission, onClick, children, ...rest }: ActButtonProps) {
  const { allowed, disabledReason } = permission;
  return (
    <Button
      {...rest}
      variant={allowed ? (rest.variant ?? "default") : "default"}
      data-disabled={allowed ? undefined : true}
      aria-disabled={!allowed}
      title={disabledReason ?? undefined}
      onClick={() => allowed && onClick()}
    >
      {children}
      {disabledReason !== null && <span className="for-readers">. {disabledReason}</span>}
    </Button>
  );
}

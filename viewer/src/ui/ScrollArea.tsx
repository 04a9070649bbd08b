import type { ReactNode, Ref } from "react";

interface Props {
  label: string;
  className: string;
  children: ReactNode;
  role?: "group" | "log";
  ref?: Ref<HTMLDivElement>;
}

/** Something that scrolls by itself, hence must be reachable by keyboard. */
export function ScrollArea({ label, className, children, role = "group", ref }: Props) {
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: the role is a group or a log, both of which have a name
    <div ref={ref} role={role} aria-label={label} tabIndex={0} className={`-outline-offset-2 ${className}`}>
      {children}
    </div>
  );
}

import type { ButtonHTMLAttributes } from "react";

type Tone = "plain" | "primary" | "danger" | "quiet";

const TONES: Record<Tone, string> = {
  plain: "border-line bg-raised hover:border-muted",
  primary: "border-transparent bg-accent-strong text-on-accent hover:brightness-110",
  danger: "border-danger/60 bg-raised text-danger hover:border-danger",
  quiet: "border-transparent bg-transparent text-muted hover:bg-raised hover:text-text",
};

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  tone?: Tone;
}

export function Button({ tone = "plain", type = "button", className = "", ...rest }: Props) {
  return (
    <button
      type={type}
      className={`inline-flex h-7 items-center justify-center gap-1.5 rounded border px-2.5 text-[13px] whitespace-nowrap disabled:cursor-not-allowed disabled:opacity-60 ${TONES[tone]} ${className}`}
      {...rest}
    />
  );
}

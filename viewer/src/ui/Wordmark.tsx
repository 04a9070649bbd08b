/** The name of the product beside its mark: the point where all axes meet. */
export function Wordmark() {
  return (
    <span className="inline-flex items-center gap-2 text-sm font-semibold tracking-wide">
      <svg
        viewBox="0 0 24 24"
        className="size-5 text-accent"
        fill="none"
        stroke="currentColor"
        aria-hidden="true"
      >
        <circle cx="12" cy="12" r="6.5" strokeWidth="1.8" />
        <path d="M12 1v8M12 15v8M1 12h8M15 12h8" strokeWidth="1.8" />
      </svg>
      Isocenter
    </span>
  );
}

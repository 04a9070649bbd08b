import { useState } from "react";
import { applyTheme, currentTheme } from "./theme";

export function ThemeButton() {
  const [theme, setTheme] = useState(currentTheme);
  const other = theme === "dark" ? "light" : "dark";
  const label = `${other === "dark" ? "Dark" : "Light"} theme`;
  return (
    <button
      type="button"
      className="grid size-7 place-items-center rounded text-muted hover:bg-raised hover:text-text"
      aria-label={label}
      title={label}
      onClick={() => {
        applyTheme(other);
        setTheme(other);
      }}
    >
      <svg viewBox="0 0 16 16" className="size-4" fill="none" stroke="currentColor" aria-hidden="true">
        <circle cx="8" cy="8" r="6" strokeWidth="1.4" />
        <path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor" stroke="none" />
      </svg>
    </button>
  );
}

export type Theme = "dark" | "light";

const KEY = "isocenter.theme";

export function currentTheme(): Theme {
  return document.documentElement.dataset.theme === "light" ? "light" : "dark";
}

export function applyTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem(KEY, theme);
}

/** The reading room is dark unless this reader chose otherwise. */
export function applyStoredTheme(): void {
  document.documentElement.dataset.theme = localStorage.getItem(KEY) === "light" ? "light" : "dark";
}

// The theme: that of the system, until the reader chooses one.
import { signal } from "@preact/signals";

export type Theme = "light" | "dark";

const KEY = "quantumtask.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

export const theme = signal<Theme>(readTheme());

function readTheme(): Theme {
  const stored = localStorage.getItem(KEY);
  if (stored === "light" || stored === "dark") return stored;
  return system.matches ? "dark" : "light";
}

/** Show the theme, and follow the system as long as nothing is chosen. */
export function applyTheme(): void {
  theme.subscribe((value) => (document.documentElement.dataset.theme = value));
  system.addEventListener("change", () => (theme.value = readTheme()));
}

/** Switch between light and dark, and remember the choice on this machine. */
export function switchTheme(): void {
  const next = theme.value === "dark" ? "light" : "dark";
  const isOfSystem = next === (system.matches ? "dark" : "light");
  if (isOfSystem) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, next);
  theme.value = next;
}

// Numbers, times and sizes as text. A number and its unit have a blank between them that no line breaks.
const COUNT = new Intl.NumberFormat("en");

/** Return a whole number with separators: 12,345. */
export function formatCount(value: number): string {
  return COUNT.format(value);
}

/** Return a number with so many significant digits, without zeros at its end. */
export function formatNumber(value: number, digits = 4): string {
  return String(Number(value.toPrecision(digits)));
}

/** Return a duration: 840 µs, 12 ms, 3.4 s, 5 min 2 s. */
export function formatDuration(seconds: number): string {
  if (!seconds) return "0\u00a0s";
  if (seconds < 0.001) return `${formatNumber(seconds * 1e6, 3)}\u00a0µs`;
  if (seconds < 1) return `${formatNumber(seconds * 1e3, 3)}\u00a0ms`;
  if (seconds < 60) return `${formatNumber(seconds, 3)}\u00a0s`;
  if (seconds < 3600) return inTwoUnits(seconds / 60, "min", "s");
  return inTwoUnits(seconds / 3600, "h", "min");
}

/** Return a value as two whole numbers, the second in sixtieths: "5 min 2 s", "24 h". */
function inTwoUnits(value: number, unit: string, sixtieth: string): string {
  const [whole, rest] = [Math.floor(value), Math.floor((value % 1) * 60 + 1e-6)];
  return `${whole}\u00a0${unit}${rest ? ` ${rest}\u00a0${sixtieth}` : ""}`;
}

/** Return a number of bytes: 512 B, 1.5 KiB, 3 GiB. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let power = 0;
  while (bytes >= 1024 && power < units.length - 1) {
    bytes /= 1024;
    power++;
  }
  return `${formatNumber(bytes, 3)}\u00a0${units[power]}`;
}

/** Return the time since a moment: "just now", "5 min ago", "3 days ago". */
export function formatAge(at: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(at)) / 1000);
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  const days = Math.floor(seconds / 86400);
  return days === 1 ? "1 day ago" : `${days} days ago`;
}

/** Return a moment in the reader's time zone. */
export function formatTime(at: string): string {
  return new Date(at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
}

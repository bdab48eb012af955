import { formatCount, formatNumber } from "../format";
import type { Counts } from "../types";

export interface Bar {
  label: string;
  value: number;
  /** The value as text. */
  text: string;
  note?: string;
}

/** Horizontal bars with their labels and values; a table for screen readers. */
export function Bars({ bars, caption, labelTitle, valueTitle, noteTitle }: {
  bars: Bar[];
  caption: string;
  labelTitle: string;
  valueTitle: string;
  noteTitle: string;
}) {
  const most = Math.max(...bars.map((bar) => Math.abs(bar.value)), 0) || 1;
  return (
    <div class="bars" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption class="hidden">{caption}</caption>
        <thead class="hidden">
          <tr>
            <th scope="col">{labelTitle}</th>
            <td />
            <th scope="col">{valueTitle}</th>
            <th scope="col">{noteTitle}</th>
          </tr>
        </thead>
        <tbody>
          {bars.map((bar) => (
            <tr key={bar.label}>
              <th scope="row">{bar.label}</th>
              <td class="bar-cell">
                <div class="bar">
                  <div class="bar-fill" style={{ width: `${(100 * Math.abs(bar.value)) / most}%` }} />
                </div>
              </td>
              <td class="bar-text">{bar.text}</td>
              <td class="bar-note">{bar.note}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const MOST_BARS = 32;

/** The counts of a task, the most frequent first where there are too many for a screen. */
export function Histogram({ counts }: { counts: Counts }) {
  const entries = Object.entries(counts);
  const shots = entries.reduce((sum, [, count]) => sum + count, 0);
  const most = entries.sort((a, b) => b[1] - a[1]).slice(0, MOST_BARS);
  if (entries.length <= MOST_BARS) most.sort((a, b) => (a[0] < b[0] ? -1 : 1));
  const rest = entries.slice(MOST_BARS).reduce((sum, [, count]) => sum + count, 0);
  const bars = most.map(([label, value]) => ({
    label: label || "(no bits)",
    value,
    text: formatCount(value),
    note: `${formatNumber((100 * value) / shots, 3)} %`,
  }));
  return (
    <>
      <Bars bars={bars} caption="Counts" labelTitle="Bits" valueTitle="Shots" noteTitle="Share" />
      {rest > 0 && (
        <p class="muted">
          {formatCount(entries.length - MOST_BARS)} more bit strings with {formatCount(rest)} shots.
        </p>
      )}
    </>
  );
}

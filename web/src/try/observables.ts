// Observables as text: words of I X Y Z and projectors, with real factors.
export type Observable = string | [string, number][];

const TERM = /^([+-]?)\s*(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)?\s*\*?\s*([IXYZ01rl+-]+)$/;

/** Parse "ZZ, 0.5 XI - 0.5 IX"; throw an Error that names the term that is wrong. */
export function parseObservables(text: string): Observable[] {
  return text.split(",").map((part) => part.trim()).filter(Boolean).map(parseObservable);
}

function parseObservable(text: string): Observable {
  // A sign with a blank behind it, or before a number, begins a term: `+` and `-` are letters, too.
  const terms = text.split(/(?<=\S)\s+(?=[+-]\s|[+-][\d.])/).map(parseTerm);
  const [first] = terms;
  return terms.length === 1 && first![1] === 1 ? first![0] : terms;
}

function parseTerm(text: string): [string, number] {
  const match = text.trim().match(TERM);
  if (!match) {
    throw new Error(`Observables: "${text}" is no term; write for example ZZ or 0.5 XI + 0.5 IX`);
  }
  return [match[3]!, Number(`${match[1] ?? ""}${match[2] ?? "1"}`)];
}

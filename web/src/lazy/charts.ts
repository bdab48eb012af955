// The library for curves over time and over parameters; loaded by the pages that have one.
import uPlot from "uplot";

export type { AlignedData, Options } from "uplot";
export { uPlot };

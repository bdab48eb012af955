// Builds the page: `node build.mjs [FOLDER]`. The same sources give the same bytes everywhere.
import { build } from "esbuild";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const WEB = dirname(fileURLToPath(import.meta.url));
const TARGET = resolve(process.argv[2] ?? join(WEB, "../src/quantumtask/web/static"));
const COPIES = ["index.html", "favicon.svg"];

// A file of src/lazy is a bundle of its own, which `import("./lazy/NAME")` loads when it is needed.
const lazyBundles = {
  name: "lazy-bundles",
  setup({ onResolve }) {
    onResolve({ filter: /\/lazy\/\w+$/ }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path: `./${path.split("/").pop()}.js`, external: true } : undefined,
    );
  },
};

async function main() {
  const lazy = (await readdir(join(WEB, "src/lazy"))).map((file) => `src/lazy/${file}`);
  await mkdir(TARGET, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: WEB,
    entryPoints: [{ in: "src/main.tsx", out: "app" }, { in: "src/style.css", out: "style" }]
      .concat(lazy.map((path) => ({ in: path, out: path.split("/").pop().replace(/\.tsx?$/, "") }))),
    outdir: TARGET,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none", // LICENSES.txt has the licences
    charset: "utf8",
    metafile: true,
    plugins: [lazyBundles],
  });
  await Promise.all(COPIES.map((name) => copyFile(join(WEB, name), join(TARGET, name))));
  await writeFile(join(TARGET, "LICENSES.txt"), await licenses(Object.keys(metafile.inputs)));
  // At the end, and only what is too much: a service can start in the meantime.
  const outputs = new Set([...Object.keys(metafile.outputs).map((path) => basename(path)), ...COPIES, "LICENSES.txt"]);
  const extra = (await readdir(TARGET)).filter((name) => !outputs.has(name));
  await Promise.all(extra.map((name) => rm(join(TARGET, name))));
}

// Return the licences of all packages whose code is in the bundles.
async function licenses(inputs) {
  const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//;
  const packages = new Set(inputs.map((path) => path.match(name)?.[1]).filter(Boolean));
  const parts = [...packages].sort().map(async (each) => {
    const folder = join(WEB, "node_modules", each);
    const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${each}: no file with a licence`);
    return `${each} ${version}\n\n${(await readFile(join(folder, file), "utf8")).trim()}\n`;
  });
  return (await Promise.all(parts)).join(`\n${"-".repeat(80)}\n\n`);
}

await main();

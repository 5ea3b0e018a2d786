import { createRequire } from "node:module";
import type { Plugin } from "esbuild";
import { root } from "./base.ts";

/**
 * The used parts of undici: an HTTP/1.1 agent. Benchmark `cold-start`: 44 % more CPU time with the whole package. The
 * paths are private, so test/e2e-lambda sends requests through the artifact.
 */
const used = {
  Agent: "undici/lib/dispatcher/agent.js",
  Client: "undici/lib/dispatcher/client.js",
  buildConnector: "undici/lib/core/connect.js",
  errors: "undici/lib/core/errors.js",
} as const;
export const undiciNames = Object.keys(used);
const client = Object.entries(used).map(([name, path]) => `exports.${name} = require("${path}");`);

/**
 * Modules that those parts import but never use here: HTTP/2, fetch bodies, the parsers without SIMD. Benchmark
 * `cold-start`: 17 % more CPU time with them.
 */
const unused = /(^|\/)(client-h2|dispatcher1-wrapper|llhttp-wasm|web\/.*)(\.js)?$/;

/**
 * Stand-ins for what undici hardly uses. Benchmark `cold-start`: 7 % more CPU time with the four modules themselves.
 * Node's own assert also loads colours and the error stream.
 */
const assert = `
  module.exports = (value, message) => {
    if (!value) throw message instanceof Error ? message : new Error(message ?? "an assertion of undici failed");
  };
`;

/** The used constants of the parser, out of a dozen tables. */
const constants = (): string => {
  const { ERROR, TYPE } = createRequire(import.meta.url)("undici/lib/llhttp/constants.js");
  return `module.exports = ${JSON.stringify({ ERROR, TYPE })}`;
};

/** Table of lower-case header names. undici works without it, and filling it takes longer than a run saves by it. */
const tree = "exports.tree = { lookup: () => null };";

/** undici uses only a number and a class of Node's HTTP module, for requests that are never made here. */
const http = `
  exports.maxHeaderSize = 16_384;
  exports.IncomingMessage = class {};
`;

export const undiciLite: Plugin = {
  name: "undici lite",
  setup(build) {
    build.onResolve({ filter: /^undici$/ }, () => ({ path: "undici", namespace: "undici-lite" }));
    build.onLoad({ filter: /^undici$/, namespace: "undici-lite" }, () => ({
      contents: client.join("\n"),
      resolveDir: root,
    }));
    build.onResolve({ filter: unused }, ({ importer }) =>
      importer.includes("/undici/lib/") ? { path: "nothing", namespace: "undici-lite" } : null,
    );
    build.onResolve({ filter: /^node:(assert|http)$/ }, ({ path, importer }) =>
      importer.includes("/undici/lib/")
        ? { path: path.slice("node:".length), namespace: "undici-lite" }
        : null,
    );
    build.onLoad({ filter: /[/\\]llhttp[/\\]constants\.js$/ }, () => ({ contents: constants() }));
    build.onLoad({ filter: /[/\\]undici[/\\]lib[/\\]core[/\\]tree\.js$/ }, () => ({ contents: tree }));
    build.onLoad({ filter: /^assert$/, namespace: "undici-lite" }, () => ({ contents: assert }));
    build.onLoad({ filter: /^http$/, namespace: "undici-lite" }, () => ({ contents: http }));
    build.onLoad({ filter: /^nothing$/, namespace: "undici-lite" }, () => ({
      contents: "module.exports = {}",
    }));
  },
};

/**
 * Loads Node's modules without the ESM wrapper, whose creation calls each of their getters; exports only the
 * names that are imported. Benchmark `cold-start`: 6 % more CPU time without.
 */
export const builtinModules: Plugin = {
  name: "built-in modules",
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path, kind }) => ({
      path,
      namespace: kind === "require-call" ? "node" : "node as ESM",
    }));
    build.onLoad({ filter: /.*/, namespace: "node" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule("${path}")`,
    }));
    build.onLoad({ filter: /.*/, namespace: "node as ESM" }, ({ path }) => ({
      contents: namedExports(path),
    }));
  },
};

function namedExports(path: string): string {
  const names = Object.keys(process.getBuiltinModule(path) ?? {}).filter((name) => /^\w+$/.test(name));
  return [
    `const builtin = process.getBuiltinModule("${path}");`,
    "export default builtin;",
    "const member = (name) => builtin[name];",
    // Marked pure, so that unused ones are dropped.
    ...names.map((name) => `export const ${name} = /* @__PURE__ */ member("${name}");`),
  ].join("\n");
}

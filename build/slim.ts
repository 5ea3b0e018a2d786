import { createRequire } from "node:module";
import type { Plugin } from "esbuild";
import { root } from "./root.ts";

/**
 * The parts of undici that are used: an agent that speaks HTTP/1.1. The whole of it takes longer to load than
 * everything else in the function. Its paths are private, so test/e2e-lambda sends requests through the artifact.
 */
const parts = {
  Agent: "undici/lib/dispatcher/agent.js",
  buildConnector: "undici/lib/core/connect.js",
  errors: "undici/lib/core/errors.js",
} as const;
export const undiciParts = Object.keys(parts);
const client = Object.entries(parts).map(([name, path]) => `exports.${name} = require("${path}");`);

/** What those parts ask for and never use here: HTTP/2, bodies that fetch makes, another parser, one without SIMD. */
const unused = /(^|\/)(client-h2|dispatcher1-wrapper|llhttp-wasm|web\/.*)(\.js)?$/;

/** Node's own loads colours and the error stream with it. */
const assert = `
  module.exports = (value, message) => {
    if (!value) throw message instanceof Error ? message : new Error(message ?? "an assertion of undici failed");
  };
`;

/** Of the parser's constants, which a dozen tables are made from, these are used. */
const constants = (): string => {
  const { ERROR, TYPE } = createRequire(import.meta.url)("undici/lib/llhttp/constants.js");
  return `module.exports = ${JSON.stringify({ ERROR, TYPE })}`;
};

/** Of Node's own HTTP, undici asks for a number and for a class that no request here is of. */
const http = `
  exports.maxHeaderSize = 16_384;
  exports.IncomingMessage = class {};
`;

export const slimUndici: Plugin = {
  name: "slim undici",
  setup(build) {
    build.onResolve({ filter: /^undici$/ }, () => ({ path: "undici", namespace: "slim" }));
    build.onLoad({ filter: /^undici$/, namespace: "slim" }, () => ({
      contents: client.join("\n"),
      resolveDir: root,
    }));
    build.onResolve({ filter: unused }, ({ importer }) =>
      importer.includes("/undici/lib/") ? { path: "nothing", namespace: "slim" } : null,
    );
    build.onResolve({ filter: /^node:(assert|http)$/ }, ({ path, importer }) =>
      importer.includes("/undici/lib/") ? { path: path.slice("node:".length), namespace: "slim" } : null,
    );
    build.onLoad({ filter: /[/\\]llhttp[/\\]constants\.js$/ }, () => ({ contents: constants() }));
    build.onLoad({ filter: /^assert$/, namespace: "slim" }, () => ({ contents: assert }));
    build.onLoad({ filter: /^http$/, namespace: "slim" }, () => ({ contents: http }));
    build.onLoad({ filter: /^nothing$/, namespace: "slim" }, () => ({ contents: "module.exports = {}" }));
  },
};

/** Node's own modules without the ESM wrap, whose making calls every getter of theirs. */
export const builtinModules: Plugin = {
  name: "built-in modules",
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: "node" }));
    build.onLoad({ filter: /.*/, namespace: "node" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
    }));
  },
};

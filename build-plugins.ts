import type { Plugin } from "esbuild";

/**
 * The parts of undici that are used: an agent that speaks HTTP/1.1. The whole of it takes longer to load than
 * everything else in the function. Its paths are private, so test/e2e-lambda sends requests through the artifact.
 */
const parts = `
  const Dispatcher = require("undici/lib/dispatcher/dispatcher.js");
  Dispatcher.prototype.request = require("undici/lib/api/api-request.js");
  exports.Agent = require("undici/lib/dispatcher/agent.js");
  exports.buildConnector = require("undici/lib/core/connect.js");
  exports.errors = require("undici/lib/core/errors.js");
`;

/** What those parts ask for and never use here: HTTP/2, bodies that fetch makes, another parser, one without SIMD. */
const unused = /(^|\/)(client-h2|dispatcher1-wrapper|llhttp-wasm|web\/.*)(\.js)?$/;

/** Node's own loads colours and the error stream with it. */
const assert = `
  module.exports = (value, message) => {
    if (!value) throw message instanceof Error ? message : new Error(message ?? "an assertion of undici failed");
  };
`;

export const slimUndici: Plugin = {
  name: "slim undici",
  setup(build) {
    build.onResolve({ filter: /^undici$/ }, () => ({ path: "undici", namespace: "slim" }));
    build.onLoad({ filter: /^undici$/, namespace: "slim" }, () => ({
      contents: parts,
      resolveDir: import.meta.dirname,
    }));
    build.onResolve({ filter: unused }, ({ importer }) =>
      importer.includes("/undici/lib/") ? { path: "nothing", namespace: "slim" } : null,
    );
    build.onResolve({ filter: /^node:assert$/ }, ({ importer }) =>
      importer.includes("/undici/lib/") ? { path: "assert", namespace: "slim" } : null,
    );
    build.onLoad({ filter: /^assert$/, namespace: "slim" }, () => ({ contents: assert }));
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

/** Packages that a function reads only when its configuration asks for them. */
const apart = [
  "@nats-io/jetstream",
  "@nats-io/transport-node",
  "@platformatic/kafka",
  "@redis/client",
  "amqplib",
  "liquidjs",
  "mqtt",
  "nodemailer",
  "yaml",
];

/** Each a file of its own in packages/, required when the module that imports it is first run. */
export const packagesApart: Plugin = {
  name: "packages apart",
  setup(pluginBuild) {
    const { outdir = "." } = pluginBuild.initialOptions;
    const wanted = new Set<string>();
    pluginBuild.onResolve({ filter: /^[@a-z]/ }, ({ path, namespace }) => {
      if (namespace !== "file" || !apart.includes(path)) return null;
      wanted.add(path);
      return { path, namespace: "apart" };
    });
    pluginBuild.onLoad({ filter: /.*/, namespace: "apart" }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(`./packages/${fileOf(path)}.cjs`)})`,
    }));
    pluginBuild.onResolve({ filter: /^\.\/packages\//, namespace: "apart" }, ({ path }) => ({
      path,
      external: true,
    }));
    pluginBuild.onEnd(async ({ metafile }) => {
      const { minify, target, absWorkingDir } = pluginBuild.initialOptions;
      const built = await pluginBuild.esbuild.build({
        ...(absWorkingDir && { absWorkingDir }),
        ...(target && { target }),
        ...(minify && { minify }),
        entryPoints: Object.fromEntries([...wanted].map((name) => [fileOf(name), name])),
        outdir: `${outdir}/packages`,
        outExtension: { ".js": ".cjs" },
        bundle: true,
        platform: "node",
        format: "cjs",
        metafile: true,
      });
      if (metafile) Object.assign(metafile.outputs, built.metafile.outputs);
    });
  },
};

const fileOf = (name: string): string => name.replace(/^@/, "").replace("/", "-");

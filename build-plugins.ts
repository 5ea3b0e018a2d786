import { createRequire } from "node:module";
import type { Plugin } from "esbuild";

/**
 * The parts of undici that are used: an agent that speaks HTTP/1.1. The whole of it takes longer to load than
 * everything else in the function. Its paths are private, so test/e2e-lambda sends requests through the artifact.
 */
const parts = `
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
      contents: parts,
      resolveDir: import.meta.dirname,
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

/** Packages that a function reads only when its configuration asks for them; those that share classes share a file. */
const apart: Readonly<Record<string, readonly string[]>> = {
  amqplib: ["amqplib"],
  kafka: ["@platformatic/kafka"],
  liquidjs: ["liquidjs"],
  mqtt: ["mqtt"],
  nats: ["@nats-io/transport-node", "@nats-io/jetstream"],
  nodemailer: ["nodemailer"],
  redis: ["@redis/client"],
  yaml: ["yaml"],
};
const fileOf = (name: string): string | undefined =>
  Object.keys(apart).find((file) =>
    apart[file]?.some((each) => name === each || name.startsWith(`${each}/`)),
  );

/** Each file in packages/, required when a module that imports it is first run. */
export const packagesApart: Plugin = {
  name: "packages apart",
  setup(build) {
    const { outdir = ".", minify, target, absWorkingDir, alias } = build.initialOptions;
    /** By file, the modules asked for. */
    const wanted = new Map<string, Set<string>>();
    build.onResolve({ filter: /^[@a-z]/ }, ({ path, namespace }) => {
      const file = namespace === "file" ? fileOf(path) : undefined;
      if (file === undefined) return null;
      wanted.set(file, (wanted.get(file) ?? new Set()).add(path));
      return { path, namespace: "apart" };
    });
    build.onLoad({ filter: /.*/, namespace: "apart" }, ({ path }) => ({
      contents: `module.exports = require("./packages/${fileOf(path)}.cjs")[${JSON.stringify(path)}]`,
    }));
    build.onResolve({ filter: /^\.\/packages\//, namespace: "apart" }, ({ path }) => ({
      path,
      external: true,
    }));
    build.onEnd(async ({ metafile }) => {
      for (const [file, names] of wanted) {
        const exported = Array.from(names, (name) => `${JSON.stringify(name)}: require("${name}")`);
        const built = await build.esbuild.build({
          ...(absWorkingDir && { absWorkingDir }),
          ...(target && { target }),
          ...(minify && { minify }),
          ...(alias && { alias }),
          stdin: { contents: `module.exports = { ${exported.join(", ")} }`, resolveDir: import.meta.dirname },
          outfile: `${outdir}/packages/${file}.cjs`,
          bundle: true,
          platform: "node",
          format: "cjs",
          // A package that is ESM asks where it is.
          define: { "import.meta.url": "bundledUrl" },
          banner: { js: 'const bundledUrl=require("node:url").pathToFileURL(__filename).href;' },
          legalComments: "linked",
          metafile: true,
        });
        if (metafile) Object.assign(metafile.outputs, built.metafile.outputs);
      }
    });
  },
};

// Node warns of its own experimental modules; an operator can do nothing about that.
const warn = process.emitWarning;
process.emitWarning = (warning, ...rest) => {
  const type = typeof rest[0] === "object" ? rest[0]?.type : rest[0];
  if (type !== "ExperimentalWarning") warn.call(process, warning, ...rest);
};

import("./cli.js");

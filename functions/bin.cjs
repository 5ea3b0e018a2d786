#!/usr/bin/env node
// The command's entry: plain enough for every Node to read, so that one that is too old can say so in a line.
"use strict";

var needed = require("../package.json").engines.node.replace(/^>=/, "");
var wanted = needed.split(".").map(Number);
var own = process.versions.node.split(".").map(Number);

if (own[0] > wanted[0] || (own[0] === wanted[0] && own[1] >= wanted[1])) {
  require("./start.cjs");
} else {
  process.stderr.write(
    "error: dms-task-bridge needs Node.js " +
      needed +
      " or later, and this is " +
      process.versions.node +
      ": https://nodejs.org/en/download\n",
  );
  process.exitCode = 2;
}

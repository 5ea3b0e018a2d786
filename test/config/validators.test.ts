import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { configJsonSchema } from "../../lib/config/json-schema.ts";
import { sinkTypes } from "../../lib/sinks/index.ts";
import { venvPython } from "../services/programs.ts";
import { accepted, refused } from "./cases.ts";

/** Reads `{ schema, values }`, and writes which values are valid: by Python's patterns, then by those of RE2, which is Go's. */
const program = `
import json, sys
import re2
from jsonschema import Draft202012Validator, validators, ValidationError

def pattern(validator, wanted, instance, schema):
    if validator.is_type(instance, "string") and not re2.compile(wanted).search(instance):
        yield ValidationError(f"{instance!r} does not match {wanted!r}")

given = json.load(sys.stdin)
schema = given["schema"]
Draft202012Validator.check_schema(schema)
judges = Draft202012Validator, validators.extend(Draft202012Validator, {"pattern": pattern})
json.dump([[judge(schema).is_valid(value) for value in given["values"]] for judge in judges], sys.stdout)
`;

it("Python's jsonschema judges as the loader does, with its own patterns and with those of Go", async () => {
  const cases = [...accepted, ...refused];
  const input = JSON.stringify({
    schema: await configJsonSchema(sinkTypes),
    values: cases.map(([, value]) => value),
  });
  const verdicts = JSON.parse(execFileSync(venvPython, ["-c", program], { input, encoding: "utf8" }));
  const expected = Object.fromEntries([
    ...accepted.map(([name]) => [`take ${name}`, true]),
    ...refused.map(([name]) => [`refuse ${name}`, false]),
  ]);
  for (const verdict of verdicts)
    expect(Object.fromEntries(Object.keys(expected).map((name, index) => [name, verdict[index]]))).toEqual(
      expected,
    );
});

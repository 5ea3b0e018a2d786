import { describe, expect, it } from "vitest";
import { watchedBy } from "../../lib/config/watched.ts";
import { stream } from "../checkpoint/sample.ts";

const source = { engine: "rabbitmq", region: "cn-north-4", projectId: "p1", instances: ["i1"] };
const project = `\${PROJECT}`;
const watched = (sources: unknown, environment = {}) => watchedBy({ sources }, environment)(stream);

describe("whether a configuration watches a stream", () => {
  it("follows from its sources, without a key or a secret", () => {
    expect(watched([source])).toBe(true);
    expect(watched([{ ...source, credentials: { token: "ssm:/token" } }])).toBe(true);
    expect(watched([{ ...source, instances: "all" }])).toBe(true);
    for (const other of [{ instances: ["i2"] }, { projectId: "p2" }, { engine: "kafka" }, { region: "r" }])
      expect(watched([{ ...source, ...other }])).toBe(false);
    expect(watched([])).toBe(false);
  });

  it("is true where a name is not known", () => {
    expect(watched([{ ...source, projectId: project }])).toBe(true);
    expect(watched([{ ...source, instances: [`\${INSTANCE}`] }])).toBe(true);
    expect(watched([{ ...source, projectId: project, instances: ["i2"] }])).toBe(false);
    expect(watched([{ ...source, projectId: project }], { PROJECT: "p2" })).toBe(false);
    expect(watched(undefined)).toBe(true);
  });
});

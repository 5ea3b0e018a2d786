import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { QueueHandler } from "../integration/fleet/event-source.ts";
import { type Containers, fleetHarness, instanceId } from "../integration/fleet/functions.ts";
import { buildArtifact, type LambdaContainer, startContainer } from "./container.ts";

const artifact = mkdtempSync(join(tmpdir(), "bridge-fleet-artifact-"));
beforeAll(() => {
  buildArtifact(artifact);
}, 120_000);
afterAll(() => rmSync(artifact, { recursive: true, force: true }));

/** The artifact's functions under AWS's runtime client, and each container that was started. */
function containersOf(started: Map<string, LambdaContainer>): Containers {
  let requests = 0;
  const start =
    (name: string) =>
    async <Event, Result>(env: Readonly<Record<string, string>>): Promise<QueueHandler<Event, Result>> => {
      const container = await startContainer(artifact, env, name);
      started.set(name, container);
      return async (event) => {
        const outcome = await container.invoke(`${name}-${++requests}`, 30_000, event);
        if (outcome.kind === "error") throw new Error(`${outcome.errorType}: ${outcome.errorMessage}`);
        return outcome.value as Result;
      };
    };
  return { plan: start("plan"), shard: start("shard"), deliver: start("deliver") };
}

describe("the packaged fleet", () => {
  it("plans, polls and delivers under AWS's runtime client, and writes its metrics", async () => {
    const started = new Map<string, LambdaContainer>();
    const harness = await fleetHarness({ instances: 3, containers: containersOf(started) });
    const subjects = [1, 2, 3].map((number) =>
      harness.simulator.world.start({
        instance: instanceId(number),
        name: "restart",
        steps: [{ status: "SUCCESS", afterMs: 0 }],
      }),
    );
    for (const minute of [1, 2, 3, 4, 5]) expect(await harness.plan(minute)).toMatchObject({ Watched: 3 });
    await harness.post("poison");
    const poller = await harness.poller();
    expect(await harness.polls.drain(poller)).toBe(3);
    expect(await harness.tasks.drain(await harness.deliverer())).toBe(0);
    expect(
      harness.receiver
        .events()
        .map(({ subject }) => subject)
        .toSorted(),
    ).toEqual(subjects.toSorted());
    const linesOf = (name: string) => started.get(name)?.lines() ?? [];
    const sumOf = (name: string, key: string) =>
      linesOf(name).reduce((total, line) => total + Number(line[key] ?? 0), 0);
    expect(linesOf("plan")).toContainEqual(
      expect.objectContaining({ FunctionName: "plan", Watched: 3, SuccessfulRuns: 1 }),
    );
    // A container's first plan has every stream; each is due once more within its longest pause.
    expect([sumOf("plan", "Due"), sumOf("shard", "Changes"), sumOf("deliver", "Accepted")]).toEqual([
      6, 3, 3,
    ]);
  }, 120_000);
});

import { tmpdir } from "node:os";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { start } from "../../harness/cli.ts";
import { consoleHarness } from "../../harness/console.ts";
import { closeBrowser, openTab } from "./tab.ts";

afterAll(closeBrowser);

const token = "a-token-of-the-operators-own";

/** The demo in a process of its own, once it has printed its address. */
async function startDemo(port: string, environment: Readonly<Record<string, string>> = {}) {
  const startedMs = Date.now();
  const demo = start(["demo", "--ui", port], { cwd: tmpdir(), env: environment });
  const stop = async (): Promise<void> => {
    demo.kill("SIGTERM");
    await demo.ended;
  };
  onTestFinished(stop);
  const [url = ""] = /http:\S+/.exec(await demo.said("err", /http:\S+\n/)) ?? [];
  return { url, stop, tookMs: Date.now() - startedMs };
}

describe("actions on the console's page", () => {
  it("are off where the console is read-only, and say how to allow them", async () => {
    const harness = await consoleHarness();
    const { page } = await openTab(harness.console.url);
    await page.getByRole("link", { name: "Sinks" }).click();
    const [sample] = await page.getByRole("button", { name: "Send a sample" }).all();
    expect(await sample?.isDisabled()).toBe(true);
    expect(await sample?.getAttribute("title")).toContain("--allow-changes");
    await page.getByText("Read-only").waitFor();
  });

  it("send a sample, redrive one dead letter, and purge the rest once that is confirmed", async () => {
    const harness = await consoleHarness({ allowsChanges: true });
    harness.answer({ status: 422, body: "unknown field: params" });
    for (const name of ["one", "two", "three"]) harness.task({ name });
    await harness.poll();
    const { page, violations } = await openTab(harness.console.url);
    await page.getByRole("link", { name: "Sinks" }).click();
    const ops = page.getByRole("region", { name: "ops" });
    await ops.getByText("3 dead letters").waitFor();
    await ops.getByRole("button", { name: "Show" }).click();
    await ops
      .getByRole("cell", { name: /unknown field/ })
      .first()
      .waitFor();
    expect(await violations()).toEqual([]);
    harness.answer({ status: 204 });
    await ops.getByRole("button", { name: "Redrive", exact: true }).first().click();
    await page.getByText("1 delivery back in order").waitFor();
    await ops.getByText("2 dead letters").waitFor();
    await ops.getByRole("button", { name: "Purge all" }).click();
    expect(await violations()).toEqual([]);
    await page.getByRole("button", { name: "Cancel" }).click();
    await ops.getByText("2 dead letters").waitFor();
    await ops.getByRole("button", { name: "Purge all" }).click();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByText("2 dead letters deleted").waitFor();
    await ops.getByText("No dead letters").waitFor();
    await ops.getByRole("button", { name: "Send a sample" }).click();
    await page.getByText(/ops: Accepted in/).waitFor();
    expect(harness.receiver.events().at(-1)?.subject).toBe("sample-task");
  });

  it("drive the demo: tasks, a broken and mended sink, a throttled API", { timeout: 120_000 }, async () => {
    const demo = await startDemo("0");
    const { page, errors } = await openTab(demo.url);
    await page.locator(".chart canvas").waitFor();
    const events = page.locator(".events > li");
    const answers = page.locator(".simulator label", { hasText: "receiver" }).locator("select");
    const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
    await page.getByRole("link", { name: "Sinks" }).click();
    const receiver = page.getByRole("region", { name: "receiver" });
    await answers.selectOption("down");
    await press("Start a task");
    await receiver.getByText("Failing").waitFor();
    await receiver.getByText("the service is down for maintenance").waitFor();
    await page.getByRole("region", { name: "chat" }).getByText("Healthy").waitFor();
    await answers.selectOption("up");
    await receiver.getByText("Healthy").waitFor();
    await press("Throttle the API");
    await page.getByRole("link", { name: /Streams/ }).click();
    await page.getByText("Unreadable").first().waitFor();
    await press("Stop throttling");
    await page.getByText("Unreadable").first().waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Events" }).click();
    await press("Start a slow one");
    await press("Fail a running task");
    await events.filter({ hasText: "Failed" }).first().waitFor();
    const before = await events.count();
    await press("Start 40");
    await expect.poll(() => events.count(), { timeout: 15_000 }).toBeGreaterThan(before + 20);
    expect(errors).toEqual([]);
  });

  it("go on by themselves after the bridge was restarted with its token, and ask for a new one", {
    timeout: 120_000,
  }, async () => {
    const first = await startDemo("0", { BRIDGE_CONSOLE_TOKEN: token });
    const { port } = new URL(first.url);
    const { page } = await openTab(first.url);
    await page.locator(".chart canvas").waitFor();
    await first.stop();
    await page.getByText("The bridge does not answer").waitFor();
    const second = await startDemo(port, { BRIDGE_CONSOLE_TOKEN: token });
    await page.getByText("Live", { exact: true }).waitFor();
    await page.getByText("The bridge does not answer").waitFor({ state: "detached" });
    await second.stop();
    const third = await startDemo(port);
    await page.getByText("The token is missing or no longer valid").waitFor();
    await page.getByLabel("Address or token").fill(third.url);
    await page.getByRole("button", { name: "Connect" }).click();
    await page.locator(".chart canvas").waitFor();
  });
});

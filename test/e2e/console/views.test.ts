import { afterAll, describe, expect, it } from "vitest";
import { instance } from "../../harness/api.ts";
import { type ConsoleHarness, consoleHarness } from "../../harness/console.ts";
import { closeBrowser, openTab, type TabOptions } from "./tab.ts";

afterAll(closeBrowser);

const minuteMs = 60_000;

/** A harness with tasks of each kind. */
async function told(options: Parameters<typeof consoleHarness>[0] = {}): Promise<ConsoleHarness> {
  const harness = await consoleHarness(options);
  const startMs = Date.now() - 30 * minuteMs;
  const lin = { id: "u1", name: "lin.wei" };
  for (const [index, end] of ["SUCCESS", "FAILED", "CANCELLED", "DELETED", "PAUSED"].entries()) {
    harness.task({
      name: `task-${end.toLowerCase()}`,
      user: lin,
      startMs: startMs + index * minuteMs,
      params: { topic: "orders", password: "hunter2" },
      steps: [
        { status: "CREATED", afterMs: 0 },
        { status: "EXECUTING", afterMs: 2_000 },
        { status: end, afterMs: 40_000 },
      ],
    });
  }
  harness.task({
    name: "task-running",
    startMs: Date.now() - minuteMs,
    user: { id: "u2", name: "maria.silva" },
  });
  await harness.poll();
  return harness;
}

describe("the console's page", () => {
  const looks: readonly TabOptions[] = [
    { colours: "light" },
    { colours: "dark" },
    { width: 1024, height: 768, language: "zh" },
    { width: 360, height: 740 },
  ];

  it.each(looks)("shows each view without a fault that axe finds, %o", async (look) => {
    const harness = await told();
    const { page, errors, violations } = await openTab(harness.console.url, look);
    await page.locator(".chart canvas").waitFor();
    for (const view of ["timeline", "events", "sinks", "streams"]) {
      await page.evaluate(`location.hash = "#/${view}"`);
      await page.locator(`nav a[aria-current][href="#/${view}"]`).waitFor();
      expect(await violations(), view).toEqual([]);
      const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      expect(overflow, `${view} is wider than the window`).toBeLessThanOrEqual(0);
    }
    await page.locator("nav a").nth(1).click();
    await page.locator(".event-task").first().click();
    await page.locator(".story .steps").waitFor();
    await page.locator(".story iframe").waitFor();
    expect(await violations(), "story").toEqual([]);
    expect(errors).toEqual([]);
  });

  it("shows the story of a task: statuses, person, masked params, deliveries and the chat message", async () => {
    const harness = await told();
    const { page } = await openTab(harness.console.url);
    await page.getByRole("button", { name: "Table" }).click();
    await page.getByRole("link", { name: "task-failed" }).click();
    const story = page.getByRole("complementary", { name: "Task" });
    await story.getByRole("heading", { name: "task-failed" }).waitFor();
    const text = (await story.textContent()) ?? "";
    for (const part of ["Failed", "lin.wei", "orders", '"password": "***"', "ops", "accepted"]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain("hunter2");
    const frame = story.frameLocator("iframe");
    await frame.getByText("task-failed failed").first().waitFor();
    await page.keyboard.press("Escape");
    await story.waitFor({ state: "detached" });
  });

  it("opens a task by a click on its bar, and by keys", async () => {
    const harness = await told();
    const { page } = await openTab(harness.console.url);
    const chart = page.getByRole("application");
    await chart.focus();
    for (let step = 0; step < 3; step++) await page.keyboard.press("ArrowUp");
    await page.locator(".chart [aria-live]", { hasText: "task-" }).waitFor({ state: "attached" });
    await page.keyboard.press("Enter");
    await page.locator(".story h2").waitFor();
    await page.keyboard.press("Escape");
    const box = await chart.boundingBox();
    let opened = 0;
    for (let x = 200; x < (box?.width ?? 0) && opened === 0; x += 6) {
      await page.mouse.move((box?.x ?? 0) + x, (box?.y ?? 0) + 48);
      if ((await page.locator(".tooltip").count()) === 0) continue;
      await page.mouse.down();
      await page.mouse.up();
      await page.locator(".story h2").waitFor();
      opened += 1;
    }
    expect(opened).toBe(1);
  });

  it("filters by status, person and text", async () => {
    const harness = await told();
    const { page } = await openTab(harness.console.url);
    await page.getByRole("button", { name: "Table" }).click();
    const rows = page.locator("tbody tr");
    await expect.poll(() => rows.count()).toBe(6);
    await page.locator(".chip", { hasText: "Failed" }).click();
    await expect.poll(() => rows.count()).toBe(1);
    await page.getByRole("button", { name: "Clear filters" }).click();
    await page.getByRole("combobox", { name: "Person" }).selectOption("maria.silva");
    await expect.poll(() => rows.count()).toBe(1);
    await page.getByRole("button", { name: "Clear filters" }).click();
    await page.getByRole("searchbox", { name: "Search tasks" }).fill("PAUSED");
    await expect.poll(() => rows.count()).toBe(1);
    await page.getByRole("searchbox", { name: "Search tasks" }).fill("nothing like it");
    await page.getByText("No task fits the filters").waitFor();
  });

  it("lists events live, pauses them, searches them, and copies one as JSON and as curl", async () => {
    const harness = await told();
    const { page } = await openTab(harness.console.url);
    await page.getByRole("link", { name: "Events" }).click();
    const rows = page.locator(".events > li");
    await expect.poll(() => rows.count()).toBe(6);
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    harness.task({ name: "it's-new" });
    await harness.poll();
    await page.getByText("1 new event waiting").waitFor();
    expect(await rows.count()).toBe(6);
    await page.getByRole("button", { name: "Resume" }).click();
    await expect.poll(() => rows.count()).toBe(7);
    await page.getByRole("searchbox", { name: "Search events" }).fill("it's-new");
    await expect.poll(() => rows.count()).toBe(1);
    await page.getByRole("button", { name: "Details: it's-new" }).click();
    const clipboard = (): Promise<unknown> => page.evaluate("navigator.clipboard.readText()");
    await page.getByRole("button", { name: "Copy JSON" }).click();
    await page.getByText("Copied").waitFor();
    expect(JSON.parse(String(await clipboard()))).toMatchObject({ data: { task: { name: "it's-new" } } });
    await page.getByRole("button", { name: "Copy as curl" }).click();
    await expect.poll(clipboard).toMatch(/^curl "\$RECEIVER_URL" .*it'\\''s-new/);
  });

  it("shows hostile names as text, in every view", async () => {
    const harness = await consoleHarness();
    const names = [
      '<img src=x onerror="document.title=1">',
      "</script><script>document.title=1</script>",
      "\u202Egnp.exe\u202C \u2066hidden\u2069",
      "x".repeat(10_000),
      "👩‍👩‍👧‍👦🏳️‍🌈 e\u0301\u0301\u0301\u0301",
      "line\nbreak\u0000\u001b[31m\u0007",
      "عربي {{7*7}} 中文",
    ];
    for (const name of names) {
      harness.task({
        name,
        user: { id: name.slice(0, 60), name: name.slice(0, 200) },
        params: { [name.slice(0, 80)]: name.slice(0, 500) },
      });
    }
    await harness.poll();
    const { page, errors } = await openTab(harness.console.url);
    await page.locator(".chart canvas").waitFor();
    for (const view of ["events", "sinks", "streams", "timeline"]) {
      await page.evaluate(`location.hash = "#/${view}"`);
      await page.locator(`nav a[aria-current][href="#/${view}"]`).waitFor();
      expect(
        await page.evaluate("document.documentElement.scrollWidth - innerWidth"),
        view,
      ).toBeLessThanOrEqual(0);
    }
    await page.getByRole("button", { name: "Table" }).click();
    const links = page.locator("tbody th a");
    await expect.poll(() => links.count()).toBe(names.length);
    for (let index = 0; index < names.length; index++) {
      await links.nth(index).click();
      await page.locator(".story .steps").waitFor();
      await page.keyboard.press("Escape");
    }
    const text = (await page.locator("main").textContent()) ?? "";
    expect(text).toContain('<img src=x onerror="document.title=1">');
    expect(Array.from("\u202E\u2066\u0000\u001b").filter((mark) => text.includes(mark))).toEqual([]);
    expect(await page.locator("main img, main script").count()).toBe(0);
    expect(await page.title()).toBe("dms-task-bridge");
    expect(errors).toEqual([]);
  });

  it("says so while there is nothing to show, and while the store cannot be read", async () => {
    const harness = await consoleHarness();
    const { page } = await openTab(harness.console.url);
    await page.getByText("No tasks yet").waitFor();
    await page.getByRole("link", { name: "Events" }).click();
    await page.getByText("No events yet").waitFor();
    await page.getByRole("link", { name: "Streams" }).click();
    await page.getByText("No streams yet").waitFor();
    harness.breakStore();
    harness.task();
    await harness.poll();
    await page.getByText("The store cannot be read").waitFor();
  });

  it("takes the token out of the address bar, and asks for it where it is missing", async () => {
    const harness = await told();
    const { page } = await openTab(harness.console.url);
    await page.locator(".chart canvas").waitFor();
    expect(page.url()).not.toContain(harness.token);
    await page.reload();
    await page.locator(".chart canvas").waitFor();
    const other = await openTab(harness.origin);
    await other.page.getByText("The token is missing").waitFor();
    expect(await other.violations()).toEqual([]);
    await other.page.getByLabel("Address or token").fill(harness.console.url);
    await other.page.getByRole("button", { name: "Connect" }).click();
    await other.page.locator(".chart canvas").waitFor();
  });

  it("remembers the chosen colours and language", async () => {
    const harness = await told();
    const { page } = await openTab(harness.console.url);
    await page.getByRole("button", { name: "Colours: System" }).click();
    await page.getByRole("button", { name: "Colours: Light" }).click();
    await page.getByRole("button", { name: "中文" }).click();
    await page.reload();
    await page.getByRole("link", { name: "时间线" }).waitFor();
    expect(
      await page.evaluate("document.documentElement.dataset.theme + document.documentElement.lang"),
    ).toBe("darkzh-CN");
    await page.locator("option", { hasText: instance.name }).first().waitFor({ state: "attached" });
  });
});

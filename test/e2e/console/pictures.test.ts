import { mkdir, writeFile } from "node:fs/promises";
import { afterAll, expect, it } from "vitest";
import { users } from "../../../lib/simulator/catalogue.ts";
import { seededRandom } from "../../../lib/simulator/random.ts";
import { type ConsoleHarness, consoleHarness } from "../../harness/console.ts";
import { closeBrowser, openTab } from "./tab.ts";

// The documentation's pictures: `PICTURES=docs/console npm run test:e2e -- test/e2e/console/pictures` writes them.

afterAll(closeBrowser);

const folder = process.env["PICTURES"];
const minuteMs = 60_000;

const more = [
  { id: "22222222-0000-4000-8000-000000000002", engine: "kafka", name: "clickstream", projectId: "p1" },
  { id: "33333333-0000-4000-8000-000000000003", engine: "rocketmq", name: "billing", projectId: "p1" },
  { id: "44444444-0000-4000-8000-000000000004", engine: "dcs", name: "sessions", projectId: "p1" },
] as const;

/** Tasks of each instance's engine, with the minutes that they last. */
const kinds: readonly (readonly (readonly [name: string, minutes: number])[])[] = [
  [
    ["EXTEND", 7],
    ["bindInstancePublicIp", 1.5],
    ["unbindInstancePublicIp", 1],
  ],
  [
    ["kafkaAutoReassignment", 7],
    ["bindInstancePublicIp", 1.5],
    ["kafkaConfigModify", 2],
  ],
  [
    ["bindInstancePublicIp", 1.5],
    ["EXTEND", 5],
    ["unbindInstancePublicIp", 1],
  ],
  [
    ["masterStandbySwapJob", 2],
    ["UpdatePort", 1.5],
    ["EXTEND", 6],
  ],
];

/** An hour of four instances: most of it well, one failure in eight, two tasks under way, one of them late. */
async function anHour(): Promise<ConsoleHarness> {
  const random = seededRandom(11);
  const harness = await consoleHarness({ allowsChanges: true, overdue: { "*": "12m" }, more });
  const instances = ["11111111-0000-4000-8000-000000000001", ...more.map(({ id }) => id)];
  const people = [users.lin, users.maria, users.pipeline, users.dms];
  const nowMs = Date.now();
  const start = (minutesAgo: number, index: number, end: string | null, stretch = 1): void => {
    const own = kinds[index % kinds.length] ?? [];
    const [name, minutes] = own[Math.floor(index / kinds.length) % own.length] ?? ["bindInstancePublicIp", 1];
    const lastsMs = minutes * minuteMs * stretch * (0.8 + random() * 0.4);
    harness.task({
      instance: instances[index % instances.length] ?? "",
      name,
      user: people[(index * 7) % people.length] ?? users.lin,
      startMs: nowMs - minutesAgo * minuteMs,
      steps: [
        { status: "CREATED", afterMs: 0 },
        { status: "EXECUTING", afterMs: Math.min(50_000, lastsMs / 5) },
        ...(end === null ? [] : [{ status: end, afterMs: lastsMs }]),
      ],
    });
  };
  for (let index = 0; index < 34; index++) {
    start(
      57 - index * 1.45,
      index,
      index % 8 === 5 ? "FAILED" : index % 11 === 7 ? "CANCELLED" : "SUCCESS",
      index === 21 ? 2.2 : 1,
    );
  }
  await harness.poll();
  start(16, 0, null);
  start(2.2, 5, null);
  start(1.1, 2, null);
  start(0.2, 3, null);
  await harness.poll();
  return harness;
}

const save = async (name: string, image: Buffer): Promise<void> => {
  expect(image.length).toBeGreaterThan(20_000);
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/${name}.png`, image);
};

it.each(["light", "dark"] as const)(
  "takes the pictures of the documentation, %s",
  { timeout: 120_000 },
  async (colours) => {
    const harness = await anHour();
    const { page, errors } = await openTab(harness.console.url, { width: 1280, height: 800, colours });
    await page.locator(".chart canvas").waitFor();
    await page.waitForFunction("document.fonts.ready");
    await save(`timeline-${colours}`, await page.screenshot());
    await page.getByRole("button", { name: "Table" }).click();
    await page.getByRole("link", { name: "kafkaAutoReassignment" }).first().click();
    await page.locator(".story iframe").waitFor();
    await page.getByRole("button", { name: "Bars" }).click();
    await save(`story-${colours}`, await page.screenshot());
    await page.keyboard.press("Escape");
    harness.answer({ status: 503, body: "upstream is down for maintenance" });
    for (const name of ["bindInstancePublicIp", "kafkaConfigModify", "changeRetentionPolicy"])
      harness.task({ name });
    for (let run = 0; run < 4; run++) await harness.poll();
    await page.getByRole("link", { name: /^Sinks/ }).click();
    await page.getByText("Failing").first().waitFor();
    await save(`sinks-${colours}`, await page.screenshot());
    await page.getByRole("link", { name: "Events" }).click();
    await page.locator(".events > li").first().waitFor();
    await save(`events-${colours}`, await page.screenshot());
    expect(errors).toEqual([]);
  },
);

import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { onTestFinished } from "vitest";
import { launchChromium } from "../../services/chromium.ts";

let shared: Promise<Browser> | null = null;

/** The browser of this test file. */
export function browser(): Promise<Browser> {
  shared ??= launchChromium();
  return shared;
}

export const closeBrowser = async (): Promise<void> => {
  await (await shared)?.close();
  shared = null;
};

export interface TabOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colours?: "light" | "dark";
  readonly language?: "en" | "zh";
}

/** A page of the browser, and what went wrong on it. */
export interface Tab {
  readonly page: Page;
  /** Errors of the page's script and of its policy. */
  readonly errors: readonly string[];
  /** Ids of axe's rules that the page breaks, each with where. */
  violations(): Promise<readonly string[]>;
}

/** Opens an address in a browser profile of its own. */
export async function openTab(
  url: string,
  { width = 1440, height = 900, colours = "light", language = "en" }: TabOptions = {},
): Promise<Tab> {
  const context = await (await browser()).newContext({
    viewport: { width, height },
    colorScheme: colours,
    locale: language === "zh" ? "zh-CN" : "en-GB",
    timezoneId: "UTC",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted/i.test(message.text())) errors.push(message.text());
  });
  await page.goto(url);
  return {
    page,
    errors,
    violations: async () => {
      await page.evaluate(axe.source);
      const found = (await page.evaluate(
        "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, ...nodes.map(({ target }) => target)].join(' ')))",
      )) as readonly string[];
      return found;
    },
  };
}

import { type Browser, chromium } from "playwright-core";
import { findProgram } from "./programs.ts";

const names = ["chromium", "chromium-browser", "google-chrome"];

/** Where a browser is; null when it is nowhere. */
export const findChromium = (): string | null => names.map(findProgram).find((path) => path !== null) ?? null;

/** Starts the machine's browser without a window. */
export function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error(`no browser found: install one of ${names.join(", ")}`);
  // A browser's sandbox does not work for root; grey font smoothing makes smaller files.
  return chromium.launch({
    executablePath,
    chromiumSandbox: process.getuid?.() !== 0,
    args: ["--disable-lcd-text"],
  });
}

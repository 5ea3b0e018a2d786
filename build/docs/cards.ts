import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { chromium } from "playwright-core";
import { pageOf } from "../../lib/preview/page.ts";
import { type PlatformType, platformTypes } from "../../lib/preview/platforms.ts";
import { albumOf, sampleSubject } from "../../lib/preview/preview.ts";
import type { Language } from "../../lib/sinks/chat/text.ts";
import { findProgram } from "../../test/services/programs.ts";

// `npm run docs:cards` takes the pictures of chat.md, in a real browser. It wants Noto Sans CJK and Noto Color Emoji.

const folder = new URL("../../docs/cards/", import.meta.url);

export interface Picture {
  /** In docs/cards, without its ending. */
  readonly file: string;
  readonly type: PlatformType;
  readonly language: Language;
}

export const pictures: readonly Picture[] = [
  ...platformTypes.map((type): Picture => ({ file: type, type, language: "en" })),
  { file: "feishu-zh", type: "feishu", language: "zh" },
];

/** What a page has room for; `preview` shows the rest. */
const shown = ["succeeded", "failed", "overdue", "digest"];

/** The page that a picture is taken of. */
export async function pageFor({ type, language }: Picture): Promise<string> {
  const album = await albumOf(await sampleSubject(type, language));
  return pageOf([{ ...album, messages: album.messages.filter(({ sample }) => shown.includes(sample)) }]);
}

/** What a page is known by, so that a picture of an older one is found out. */
export const fingerprint = (page: string): string => createHash("sha256").update(page).digest("hex");

async function takePictures(): Promise<void> {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const executablePath = names.map(findProgram).find((path) => path !== null);
  if (!executablePath) throw new Error(`no browser found: install one of ${names.join(", ")}`);
  // A browser's sandbox does not work for root; grey edges of letters make small files.
  const browser = await chromium.launch({
    executablePath,
    chromiumSandbox: process.getuid?.() !== 0,
    args: ["--disable-lcd-text"],
  });
  const taken: Record<string, string> = {};
  try {
    const tab = await browser.newPage({ viewport: { width: 980, height: 600 } });
    for (const picture of pictures) {
      const page = await pageFor(picture);
      await tab.setContent(page);
      const image = await tab.locator("section").screenshot();
      await writeFile(new URL(`${picture.file}.png`, folder), image);
      taken[picture.file] = fingerprint(page);
    }
  } finally {
    await browser.close();
  }
  await writeFile(new URL("pictures.json", folder), `${JSON.stringify(taken, null, 2)}\n`);
}

if (import.meta.main) await takePictures();
